// Fetches and starts the worker's program, telling the page how far that has come; or, where the worker itself starts this script
// under that name, the program for the graphics card. It is the one part of either that cannot be Rust. Its messages are those of
// app/src/protocol.rs: keep the version in step.
const VERSION = 9;

// Bytes of the worker's program, which app/offline.sh writes here: a host that sends it compressed names another length.
const WORKER_BYTES = 0;

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
  const isPlain = !response.headers.get("content-encoding");
  const total = (isPlain && Number(response.headers.get("content-length"))) || WORKER_BYTES;
  const counter = new TransformStream({
    received: 0,
    transform(chunk, controller) {
      this.received += chunk.byteLength;
      const { received } = this;
      // Where that is not known, or of another version's program, there is none.
      const file = { kind: "Program", name: address, received, total: received <= total ? total : undefined };
      tell({ Progress: { stage: "Program", files: [file] } });
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), { headers: { "content-type": "application/wasm" } });
}

(async () => {
  try {
    // Without it nothing is kept, and that is all.
    if (PROGRAM === "worker") try { importScripts("blocks.js"); } catch {}
    importScripts(`${PROGRAM}.js`);
    await wasm_bindgen({ module_or_path: fetchProgram(`${PROGRAM}_bg.wasm`) });
  } catch (error) {
    tell({ Crashed: { key: "worker_not_started", values: [["reason", { Text: String(error.message) }]] } });
    // Whoever started the other program hears of errors that nobody has caught.
    if (PROGRAM === "graphics") setTimeout(() => { throw error; });
  }
})();
