// Starts the page's program. Trunk writes the addresses into this script's element, see Trunk.toml.
const { program, wasm } = document.getElementById("start").dataset;

try {
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
