// Fetches and starts the worker's program, telling the page how far that has come; or, where the worker itself starts this script
// under that name, the program for the graphics card. It is the one part of either that cannot be Rust. Its messages are those of
// app/src/protocol.rs: keep the version in step.
const VERSION = 8;

const PROGRAM = self.location.hash === "#graphics" ? "graphics" : "worker";

// Messages that arrive before the program listens.
const early = [];
const keep = (event) => early.push(event.data);
self.addEventListener("message", keep);

// Called by the program once it listens: hands over what has come before.
self.takeEarlyMessages = () => {
  self.removeEventListener("message", keep);
  return early.splice(0);
};

const tell = (answer) => PROGRAM === "worker" && self.postMessage({ version: VERSION, id: 0, answer });

async function fetchProgram(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: HTTP ${response.status}`);
  // Of a compressed answer only the compressed length is known, which is no measure for the bytes that come out.
  const isPlain = !response.headers.get("content-encoding");
  const total = (isPlain && Number(response.headers.get("content-length"))) || undefined;
  const counter = new TransformStream({
    received: 0,
    transform(chunk, controller) {
      this.received += chunk.byteLength;
      tell({ Progress: { stage: "Program", received: this.received, total } });
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), { headers: { "content-type": "application/wasm" } });
}

(async () => {
  try {
    if (PROGRAM === "worker") importScripts("blocks.js");
    importScripts(`${PROGRAM}.js`);
    await wasm_bindgen({ module_or_path: fetchProgram(`${PROGRAM}_bg.wasm`) });
  } catch (error) {
    tell({ Crashed: { key: "worker_not_started", values: [["reason", { Text: String(error.message) }]] } });
    // Whoever started the other program hears of errors that nobody has caught.
    if (PROGRAM === "graphics") setTimeout(() => { throw error; });
  }
})();
