// Starts the page's program. Trunk writes the addresses into this script's element, see Trunk.toml.
const { program, wasm } = document.getElementById("start").dataset;
const parameters = new URLSearchParams(location.search);

// Browsers have service workers for pages from https and from this very machine; without one the page works as well. A catalogue
// from elsewhere is not this site's to keep.
const keeps = "serviceWorker" in navigator && !parameters.has("catalogue");

// What another app has shared goes where a photo goes that somebody chooses before the program has arrived.
async function receive() {
  const { takeShared } = await import("./offline.js");
  const photo = await takeShared();
  parameters.delete("shared");
  history.replaceState(null, "", `?${parameters}`.replace(/^\?$/, "./"));
  if (!photo) return;
  const given = new DataTransfer();
  given.items.add(photo);
  document.getElementById("early-photo").files = given.files;
}

try {
  if (keeps && navigator.serviceWorker.controller) {
    const { settle } = await import("./offline.js");
    await settle();
    if (parameters.has("shared")) await receive();
  }
  const { default: init } = await import(new URL(program, document.baseURI));
  // The program is fetched while the words of the person's language are still on their way, see language.js.
  const bytes = fetch(new URL(wasm, document.baseURI));
  await globalThis.twillLanguage?.ready;
  await init({ module_or_path: bytes });
} catch (error) {
  console.error(error);
  const notice = document.getElementById("start-failed");
  notice.dataset.testid = "error";
  notice.hidden = false;
  document.getElementById("twill").dataset.state = "failed";
}

if (keeps) {
  // A browser may forbid it, or the storage may be full: then the page needs a network as before.
  import("./offline.js").then(({ keep }) => keep()).catch((error) => console.info(`The site is not kept: ${error.message}`));
}
