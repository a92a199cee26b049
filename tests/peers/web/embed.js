// Twill beside ONNX Runtime Web in one worker, by turns: the same networks, the same inputs, one thread each.
//
// `tests/examples/embed_web.rs` drives this with a message {task, ...} and reads {report} or {failure}. Times are milliseconds;
// those of short runs are means over BLOCK runs, because the clock of a page is coarse.
import start, { Runner } from "./twill/embed_peer.js";
import { Photos } from "./photos.js";

const BLOCK = 5;
const ANSWERS = ["boxes", "feature", "category", "attributes", "instance"];

const bytes = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

const timed = async (work) => {
  const began = performance.now();
  const value = await work();
  return [performance.now() - began, value];
};

// What both need, fetched beforehand: downloads are not measured.
async function files(model) {
  const card = JSON.parse(new TextDecoder().decode(await bytes(`${model}/model.json`)));
  const [cardBytes, weights, onnx] = await Promise.all(
    [`${model}/model.json`, `${model}/${card.weights.file}`, `${model}/network.onnx`].map(bytes),
  );
  return { card, cardBytes, weights, onnx };
}

class Twill {
  static async load({ cardBytes, weights }) {
    await start();
    const twill = new Twill();
    twill.runner = new Runner(cardBytes, weights);
    return twill;
  }

  network(input) {
    return this.runner.network(input);
  }
}

// The site's own program for the graphics card, in the worker and with the words of `app/graphics`.
class Graphics {
  static async load({ cardBytes, weights }) {
    const graphics = new Graphics();
    graphics.worker = new Worker("./site/worker-loader.js#graphics");
    graphics.id = 0;
    await graphics.order({ Load: { version: 1, card: cardBytes, weights } });
    return graphics;
  }

  network(input) {
    this.id += 1;
    return this.order({ Forward: { id: this.id, batch: 1, pictures: input } });
  }

  order(order) {
    return new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => ("Done" in data ? resolve(data.Done.rows) : reject(new Error(data.Failed.reason)));
      this.worker.onerror = (event) => reject(new Error(event.message));
      this.worker.postMessage(order);
    });
  }
}

class Onnx {
  static async load({ card, onnx }, backend) {
    const ort = await import(backend === "webgpu" ? "./onnx/ort.webgpu.min.mjs" : "./onnx/ort.wasm.min.mjs");
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = new URL("./onnx/", import.meta.url).href;
    ort.env.logLevel = "error";
    const options = { executionProviders: [backend], graphOptimizationLevel: "all" };
    const own = new Onnx();
    own.shape = [1, 3, card.network.input_size, card.network.input_size];
    own.Tensor = ort.Tensor;
    own.session = await ort.InferenceSession.create(onnx, options);
    return own;
  }

  // The answers one after the other, as Twill gives them.
  async network(input) {
    const answers = await this.session.run({ input: new this.Tensor("float32", input, this.shape) });
    return ANSWERS.flatMap((name) => (name in answers ? [...answers[name].data] : []));
  }
}

// Inputs as preprocessed photos are: most values within two, and the same ones every time.
function draw(length, seed) {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
}

// The largest difference; of answers larger than one, as a fraction of the largest.
function difference(a, b) {
  if (a.length !== b.length) throw new Error(`${a.length} values beside ${b.length}`);
  const largest = Math.max(1, ...b.map(Math.abs));
  // A difference that is not a number is one.
  return a.reduce((most, value, at) => {
    const gap = Math.abs(value - b[at]) / largest;
    return gap <= most ? most : gap;
  }, 0);
}

// The network alone. Loading and first run first, `first` before the other; then warm runs by turns.
async function network({ model, backend, first, rounds, block = BLOCK }) {
  const given = await files(model);
  const inputs = [1, 2, 3].map((seed) => draw(3 * given.card.network.input_size ** 2, seed));
  const pair = [["twill", backend === "webgpu" ? Graphics : Twill], ["onnx", Onnx]];
  const sides = first === "onnx" ? pair.toReversed() : pair;
  const report = {};
  const loaded = [];
  for (const [name, Side] of sides) {
    const [load, side] = await timed(() => Side.load(given, backend));
    const [run] = await timed(() => side.network(inputs[0]));
    report[name] = { load, first: run, warm: [] };
    loaded.push([name, side]);
  }
  report.difference = 0;
  for (const input of inputs) {
    const [a, b] = [await loaded[0][1].network(input), await loaded[1][1].network(input)];
    report.difference = Math.max(report.difference, difference(a, b));
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, side] of round % 2 ? loaded.toReversed() : loaded) {
      const [all] = await timed(async () => {
        for (let run = 0; run < block; run++) await side.network(inputs[run % inputs.length]);
      });
      report[name].warm.push(all / block);
    }
  }
  return report;
}

// A photo as a camera writes it: twelve megapixels with grain, as a JPEG with colours at half the size.
async function enlarged(file) {
  const photo = await createImageBitmap(new Blob([file]));
  const [width, height] = photo.width < photo.height ? [3000, 4000] : [4000, 3000];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, width, height);
  photo.close();
  const grain = new ImageData(512, 512);
  draw(512 * 512, 7).forEach((value, at) => grain.data.set([...Array(3).fill(128 + 40 * value), 255], 4 * at));
  context.globalCompositeOperation = "overlay";
  context.globalAlpha = 0.15;
  context.fillStyle = context.createPattern(await createImageBitmap(grain), "repeat");
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

// Photos decoded and embedded, every look: milliseconds for all and for each, and how alike the two answers are. The first `large` ones as a
// camera writes them, where that is given.
async function photos({ model, list, large, turn = large ? 5 : 25 }) {
  const given = await files(model);
  const [twill, onnx] = [await Twill.load(given), await Onnx.load(given, "wasm")];
  const other = new Photos(onnx, given.card);
  const names = JSON.parse(new TextDecoder().decode(await bytes(list))).slice(0, large);
  const report = { twill: 0, onnx: 0, photos: names.length, bytes: 0, cosines: [], each: { twill: [], onnx: [] } };
  const length = given.card.network.embedding ?? given.card.network.widths.at(-1);
  for (let at = 0; at < names.length; at += turn) {
    // In memory, so that nobody waits for a file.
    const files = await Promise.all(names.slice(at, at + turn).map(bytes));
    const blobs = await Promise.all(files.map((file) => (large ? enlarged(file) : new Blob([file]))));
    report.bytes += blobs.reduce((sum, blob) => sum + blob.size, 0);
    const vectors = {};
    const ways = [
      ["twill", async (place) => (await twill.runner.embed(new Uint8Array(await blobs[place].arrayBuffer()))).slice(0, length)],
      ["onnx", (place) => other.embed(blobs[place])],
    ];
    for (const [name, embed] of (at / turn) % 2 ? ways.toReversed() : ways) {
      vectors[name] = [];
      const [all] = await timed(async () => {
        for (let place = 0; place < blobs.length; place++) {
          const [one, vector] = await timed(() => embed(place));
          report.each[name].push(one);
          vectors[name].push(vector);
        }
      });
      report[name] += all;
    }
    report.cosines.push(...vectors.twill.map((vector, place) => cosine(vector, vectors.onnx[place])));
  }
  return report;
}

function cosine(a, b) {
  const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

self.onmessage = async ({ data: { task, rounds, block, large, ...rest } }) => {
  try {
    const settings = { ...rest, rounds: Number(rounds), block: block && Number(block), large: large && Number(large) };
    self.postMessage({ report: await { network, photos }[task](settings) });
  } catch (error) {
    self.postMessage({ failure: String(error?.stack ?? error) });
  }
};
