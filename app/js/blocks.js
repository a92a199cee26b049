// Pieces of large catalogues in the browser's private files (OPFS): what is there is not fetched again, nor what a new version of a
// catalogue has in common with the old one. Loaded into the worker by worker-loader.js; app/src/worker/kept.rs decides what is kept,
// and believes nothing here that does not have the right hash.
self.twillBlocks = {
  // The folder of a catalogue.
  async open(catalogue) {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle("twill", { create: true });
    return all.getDirectoryHandle(catalogue, { create: true });
  },

  async names(folder) {
    const names = [];
    for await (const name of folder.keys()) names.push(name);
    return names;
  },

  async read(folder, name) {
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  },

  // Another tab that is writing the same has it locked; then this fails.
  async write(folder, name, bytes) {
    const handle = await folder.getFileHandle(name, { create: true });
    const file = await handle.createSyncAccessHandle();
    try {
      file.truncate(0);
      if (file.write(bytes, { at: 0 }) < bytes.length) throw new Error("there is no room left");
      file.flush();
    } catch (error) {
      file.truncate(0);
      throw error;
    } finally {
      file.close();
    }
  },

  remove: (folder, name) => folder.removeEntry(name),
};
