// Twill as an ES module, for pages and programs that are not its own: embeds photos of garments and searches a catalogue, in this
// browser. It needs nothing but the folder in which it lies, which is Twill's site as it was built; see docs/embedding.md. Its types
// stand in twill.d.ts.

import { Line } from "./embed/line.js";
import { chooseLanguage, loadWords } from "./embed/words.js";

/** The folder with Twill's files. */
const HOME = new URL("./", import.meta.url).href;
/** How many items a search finds unless it is told. */
const COUNT = 5;
/** @type {Record<string, import("./twill.js").LoadingStage>} */
const STAGES = { Program: "program", Data: "data", WarmUp: "warm-up" };
/** @type {Record<string, import("./twill.js").BackendName>} */
const BACKENDS = { Cpu: "cpu", WebGpu: "webgpu" };
/** Who has it may call the constructor. */
const OWN = Symbol("own");

export class TwillError extends Error {
  name = "TwillError";

  constructor(kind, message, { key, values, hint } = {}) {
    super(message);
    this.kind = kind;
    this.key = key;
    this.values = values;
    this.hint = hint;
  }
}

export class Twill {
  #setup;
  #language;
  #onProgress;
  /** @type {Line | undefined} */
  #line;
  /** Settles when the worker is ready. */
  #started;
  #ready = { backend: BACKENDS.Cpu, catalogue: { name: "", count: 0 } };
  #isClosed = false;

  constructor(own, setup, language, onProgress) {
    if (own !== OWN) throw new TypeError("Twill is made by `await Twill.load()`.");
    this.#setup = setup;
    this.#language = language;
    this.#onProgress = onProgress;
  }

  static async load({ model, catalogue, backend, lang, onProgress, signal } = {}) {
    if (backend !== undefined && !Object.values(BACKENDS).includes(backend)) {
      throw new TypeError(`There is no backend "${backend}": it is "webgpu" or "cpu".`);
    }
    const setup = {
      forced: Object.keys(BACKENDS).find((name) => BACKENDS[name] === backend),
      avoid_webgpu: false,
      model: addressOf(model, "model.json", "model/model.json"),
      catalogue: addressOf(catalogue, "catalogue.json", "catalogue/catalogue.json"),
    };
    const twill = new Twill(OWN, setup, chooseLanguage([lang]), onProgress);
    try {
      await abortable(() => twill.#run((line) => line), signal);
    } catch (error) {
      twill.close();
      throw error;
    }
    return twill;
  }

  get backend() {
    return this.#ready.backend;
  }

  get catalogue() {
    return this.#ready.catalogue;
  }

  async embed(photo, { crop, signal } = {}) {
    checkPhoto(photo);
    const ask = { Embed: { photo, crop: checkCrop(crop) } };
    const { Found } = await abortable(() => this.#run((line) => line.ask(ask)), signal);
    const { embedding, garment, guess, attributes, width, height } = Found;
    return {
      vector: Float32Array.from(embedding),
      box: garment,
      category: guess ? { name: guess[0], probability: guess[1] } : undefined,
      attributes: Object.fromEntries(attributes),
      width,
      height,
    };
  }

  async search(query, { k = COUNT, crop, categories = [], signal } = {}) {
    if (!Number.isSafeInteger(k) || k < 1) throw new RangeError("`k` is a whole number from 1 on.");
    if (!Array.isArray(categories) || categories.some((name) => typeof name !== "string")) {
      throw new TypeError("`categories` is an array of the catalogue's names.");
    }
    const like = await this.#like(query, crop, signal);
    // The worker counts with 32 bits; no catalogue has as many items.
    const ask = { Search: { like, count: Math.min(k, 0xffff_ffff), categories } };
    const { Similar } = await abortable(() => this.#run((line) => line.ask(ask)), signal);
    return Similar.hits.map(({ item, score }) => {
      const { id, title, category, image, width, height, price, link } = item;
      return { id, title, category, score, image, width, height, price, link };
    });
  }

  close() {
    this.#isClosed = true;
    this.#line?.close({ kind: "closed" });
    this.#line = undefined;
  }

  /** What a search starts from, as the protocol says it. */
  async #like(query, crop, signal) {
    if (query instanceof Blob) return { Vector: [...(await this.embed(query, { crop, signal })).vector] };
    if (crop !== undefined) throw new TypeError("Only a photo can be cropped.");
    if (typeof query?.item === "string") return { Item: query.item };
    const vector = query?.vector;
    if (vector && typeof vector !== "string" && typeof vector[Symbol.iterator] === "function") {
      const values = Array.from(vector, Number);
      if (values.length > 0 && values.every(Number.isFinite)) return { Vector: values };
    }
    throw new TypeError("Search for a Blob with a photo, for `{ vector }` with finite numbers, or for `{ item }` with an id.");
  }

  /**
   * Has the worker do something; starts it, if need be: it may have died in the meantime.
   *
   * @template T
   * @param {(line: Line) => T | Promise<T>} act
   */
  async #run(act) {
    this.#checkOpen();
    try {
      this.#started ??= this.#start();
      await this.#started;
      return await act(this.#line);
    } catch (fault) {
      this.#checkOpen();
      throw fault?.key ? await this.#error(fault) : fault;
    }
  }

  async #start() {
    const line = new Line(HOME, (answer) => this.#hear(answer));
    this.#line = line;
    try {
      const { Ready } = await line.ask({ Start: this.#setup });
      this.#ready = { backend: BACKENDS[Ready.backend], catalogue: { name: Ready.catalogue, count: Ready.count } };
    } catch (fault) {
      // What could not be loaded is tried again, from the start, by whoever asks next.
      line.close(fault);
      this.#started = undefined;
      throw fault;
    }
  }

  #hear({ Progress, Moved, Died }) {
    if (Progress) {
      this.#onProgress?.(progressOf(Progress));
    } else if (Moved) {
      this.#ready = { ...this.#ready, backend: BACKENDS[Moved.backend] };
    } else if (Died) {
      this.#started = undefined;
      // It may have been the graphics card's doing.
      if (this.#ready.backend === BACKENDS.WebGpu && !this.#setup.forced) this.#setup.avoid_webgpu = true;
    }
  }

  #checkOpen() {
    if (this.#isClosed) throw new DOMException("This Twill has been closed.", "InvalidStateError");
  }

  /** The fault in words for a person. */
  async #error({ kind, key, values, hint }) {
    const words = await loadWords(HOME, this.#language);
    return new TwillError(kind, words.say(key, values), { key, values, hint });
  }
}

/** How far loading has come, for whoever asked: the protocol gives files, and what they add up to is their stage's. */
function progressOf({ stage, files }) {
  files = files.map(({ kind, name, received, total }) => ({ kind: kind.toLowerCase(), name, received, total }));
  // Those that have arrived before it are no part of warming up.
  const own = stage === "WarmUp" ? [] : files;
  const sum = (field) => own.reduce((sum, file) => sum + file[field], 0);
  const isKnown = own.length > 0 && own.every(({ total }) => total !== undefined);
  return { stage: STAGES[stage], received: sum("received"), total: isKnown ? sum("total") : undefined, files };
}

/** The absolute address of a card that is named by its file or by its folder, as seen from the page. */
function addressOf(named, file, own) {
  if (named === undefined) return new URL(own, HOME).href;
  const address = new URL(named, document.baseURI);
  if (!/^https?:$/.test(address.protocol)) throw new TypeError(`${address.href} is not an address that can be fetched.`);
  if (!address.pathname.endsWith(".json")) address.pathname = `${address.pathname.replace(/\/$/, "")}/${file}`;
  return address.href;
}

function checkPhoto(photo) {
  if (!(photo instanceof Blob)) throw new TypeError("A photo is a Blob, such as a File of an <input>.");
}

function checkCrop(crop) {
  if (crop === undefined) return undefined;
  const { x1, y1, x2, y2 } = crop;
  if (!(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && x2 <= 1 && y2 <= 1)) {
    throw new RangeError("A crop is `{ x1, y1, x2, y2 }`, fractions of the photo with x1 < x2 and y1 < y2.");
  }
  return { x1, y1, x2, y2 };
}

/**
 * What `begin` resolves to, unless the signal speaks first.
 *
 * @template T
 * @param {() => Promise<T>} begin
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
async function abortable(begin, signal) {
  if (!signal) return begin();
  signal.throwIfAborted();
  const promise = begin();
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
    // Whoever has given up does not want to hear of it any more.
    promise.catch(() => {});
  }
}
