// Fetches and starts the worker's program, telling the page how far that has come. It is the one part of the worker that
// cannot be Rust. Its messages are those of app/src/protocol.rs: keep the version in step.
const VERSION = 4;

// Messages that arrive before the program listens.
const early = [];
const keep = (event) => early.push(event.data);
self.addEventListener("message", keep);

// Called by the program once it listens: hands over what has come before.
self.takeEarlyMessages = () => {
  self.removeEventListener("message", keep);
  return early.splice(0);
};

const tell = (answer) => self.postMessage({ version: VERSION, id: 0, answer });

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
    importScripts("worker.js");
    await wasm_bindgen({ module_or_path: fetchProgram("worker_bg.wasm") });
  } catch (error) {
    tell({ Crashed: { key: "worker_not_started", values: [["reason", { Text: String(error.message) }]] } });
  }
})();
