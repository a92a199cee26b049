// <twill-search>: a search by photo that a shop puts into its own page with one script; see docs/embedding.md. The photo is looked at
// in the visitor's browser. Nothing large is fetched before a visitor reaches for a photo.

import { Twill, TwillError } from "./twill.js";
import { listenForDrops, listenForPaste } from "./embed/intake.js";
import { style } from "./embed/style.js";
import { View } from "./embed/view.js";
import { chooseLanguage, loadWords } from "./embed/words.js";

const HOME = new URL("./", import.meta.url).href;
/** How many items are shown at most, unless `count` says so. */
const COUNT = 12;
/** The least similarity of an item that is shown, unless `least` says so. */
const LEAST = 0.5;
/** For whoever sees the page when not even words could be fetched. */
const LOST = "The search by photo could not be loaded. Reload the page to try again.";

/** The number that an attribute names, where it is in bounds. */
function numberIn(text, least, most, otherwise) {
  const number = text === null || text.trim() === "" ? NaN : Number(text);
  return number >= least && number <= most ? number : otherwise;
}

export class TwillSearch extends HTMLElement {
  static observedAttributes = ["catalogue", "model", "backend", "count", "least", "lang", "preload", "selectable"];

  #view;
  #internals = this.attachInternals?.();
  /** @type {Promise<Twill> | null} */
  #twill = null;
  /** @type {Twill | null} */
  #ready = null;
  /** Ends what belongs to this stay in a page. */
  #stay = null;
  /** The number of the last search: what belongs to an earlier one is dropped. */
  #turn = 0;
  #query = null;
  /** Searches with a file. */
  #take;
  /** @type {import("./embed/view.js").Known} */
  #known = {
    state: "idle",
    words: null,
    hasQuery: false,
    photo: null,
    seen: null,
    items: [],
    trouble: null,
    progress: null,
    isSelectable: false,
  };

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style()];
    // Searching and loading tell of their own failures.
    const take = (file) => void this.search(file).catch(() => {});
    this.#view = new View(root, {
      take,
      prepare: () => void this.load().catch(() => {}),
      again: () => void (this.#query === null ? this.load() : this.search(this.#query)).catch(() => {}),
      choose: (item) => this.#tell("twill-select", { item }, true),
    });
    listenForDrops(this, { take, hover: (isOver) => this.#view.hover(isOver) });
    this.#take = take;
  }

  connectedCallback() {
    if (this.#stay !== null) return;
    this.#stay = new AbortController();
    listenForPaste(this.ownerDocument, this.#take, this.#stay.signal);
    this.#speak();
    this.#show({ isSelectable: this.hasAttribute("selectable") });
    if (this.hasAttribute("preload")) this.load().catch(() => {});
  }

  disconnectedCallback() {
    // An element that is only moved is connected again at once.
    queueMicrotask(() => {
      if (this.isConnected || this.#stay === null) return;
      this.#stay.abort();
      this.#stay = null;
      this.#forget();
    });
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || this.#stay === null) return;
    if (name === "lang") this.#speak();
    else if (name === "selectable") this.#show({ isSelectable: after !== null });
    else if (name === "count" || name === "least") this.#repeat();
    else {
      if (name !== "preload") this.#forget();
      if (this.hasAttribute("preload")) this.load().catch(() => {});
    }
  }

  get state() {
    return this.#known.state;
  }

  get items() {
    return this.#known.items;
  }

  async load() {
    if (this.#twill === null) {
      const twill = this.#open();
      this.#twill = twill;
      if (!this.#known.hasQuery) this.#show({ state: "loading", progress: null });
      let ready;
      try {
        ready = await twill;
      } catch (error) {
        // One that was replaced in the meantime concerns nobody any more.
        if (this.#twill === twill) {
          this.#twill = null;
          if (!this.#known.hasQuery) this.#fail(error);
        }
        throw error;
      }
      if (this.#twill !== twill) {
        ready.close();
        throw new DOMException("The element has changed since.", "AbortError");
      }
      this.#ready = ready;
      if (this.#known.state === "loading") this.#show({ state: this.#known.hasQuery ? "searching" : "ready" });
      const { backend, catalogue } = ready;
      this.#tell("twill-ready", { backend, catalogue: catalogue.name, count: catalogue.count });
    }
    await this.#twill;
  }

  async search(query) {
    const turn = ++this.#turn;
    this.#query = query;
    const state = this.#ready === null ? "loading" : "searching";
    this.#show({ state, hasQuery: true, seen: null, trouble: null, ...this.#photoOf(query) });
    try {
      await this.load();
      const twill = await this.#twill;
      this.#checkTurn(turn);
      const seen = query instanceof Blob ? await twill.embed(query) : null;
      this.#checkTurn(turn);
      this.#show({ state: "searching", seen });
      const k = Math.floor(numberIn(this.getAttribute("count"), 1, 1000, COUNT));
      const least = numberIn(this.getAttribute("least"), -1, 1, LEAST);
      const found = await twill.search(seen ? { vector: seen.vector } : query, { k });
      this.#checkTurn(turn);
      const items = found.filter(({ score }) => score >= least);
      this.#show({ state: items.length > 0 ? "results" : "nothing", items });
      this.#tell("twill-results", { items, photo: seen });
      return items;
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
      throw error;
    }
  }

  clear() {
    this.#turn += 1;
    this.#query = null;
    const state = this.#ready === null ? "idle" : "ready";
    this.#show({ state, hasQuery: false, seen: null, items: [], trouble: null, ...this.#photoOf(null) });
  }

  /** Starts what looks at photos, as the attributes have it. */
  async #open() {
    const given = (name) => this.getAttribute(name) || undefined;
    return Twill.load({
      catalogue: given("catalogue"),
      model: given("model"),
      backend: given("backend"),
      lang: this.#language(),
      signal: this.#stay?.signal,
      onProgress: (progress) => this.#known.state === "loading" && this.#show({ progress }),
    });
  }

  /** Lets go of what was loaded and found. */
  #forget() {
    this.#ready?.close();
    this.#ready = null;
    this.#twill = null;
    this.clear();
  }

  #repeat() {
    if (this.#known.state === "results" || this.#known.state === "nothing") this.search(this.#query).catch(() => {});
  }

  /** An address for the photo that is shown now; the one before is given back. */
  #photoOf(query) {
    if (this.#known.photo !== null) URL.revokeObjectURL(this.#known.photo);
    return { photo: query instanceof Blob ? URL.createObjectURL(query) : null };
  }

  #checkTurn(turn) {
    if (turn !== this.#turn) throw new DOMException("Another search has begun.", "AbortError");
  }

  #fail(error) {
    if (error instanceof TwillError) {
      const { kind, key, values, hint } = error;
      if (hint) console.warn(`<twill-search>: ${error.message} ${hint}`);
      this.#show({ state: "failed", items: [], trouble: { kind, key, values } });
    } else {
      // Whoever wrote the page has asked for something that there is not.
      console.warn(`<twill-search>: ${error.message}`);
      this.#show({ state: "failed", items: [], trouble: { kind: "backend", key: "photo_other", values: { reason: error.message } } });
    }
    this.#tell("twill-error", { error });
  }

  /** Tells the page; returns whether it lets the element go on. */
  #tell(type, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable, bubbles: true, composed: true }));
  }

  /** The element's own language, else the page's, else the browser's. */
  #language() {
    const given = [this.closest("[lang]")?.getAttribute("lang"), this.ownerDocument.documentElement.lang];
    return chooseLanguage([...given, ...navigator.languages]);
  }

  async #speak() {
    const code = this.#language();
    const words = await loadWords(HOME, code);
    // Another language may have been asked for in the meantime.
    if (code !== this.#language()) return;
    if (words.isThere) this.#show({ words });
    else this.#view.giveUp(LOST);
  }

  #show(changes) {
    const before = this.#known.state;
    Object.assign(this.#known, changes);
    this.#view.show(this.#known);
    const { state } = this.#known;
    if (before === state) return;
    try {
      this.#internals?.states?.delete(before);
      this.#internals?.states?.add(state);
    } catch {
      // A browser whose states have another syntax has none for styles.
    }
  }
}

if (!customElements.get("twill-search")) customElements.define("twill-search", TwillSearch);
