// Starts the page's program. Trunk writes the addresses into this script's element, see Trunk.toml.
const { program, wasm } = document.getElementById("start").dataset;

try {
  const { default: init } = await import(new URL(program, document.baseURI));
  await init({ module_or_path: new URL(wasm, document.baseURI) });
} catch (error) {
  console.error(error);
  const notice = document.getElementById("start-failed");
  notice.dataset.testid = "error";
  notice.hidden = false;
  document.getElementById("twill").dataset.state = "failed";
}
