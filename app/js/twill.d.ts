// Types of twill.js; docs/embedding.md tells of it at length.

/** What an error concerns: the photo, the network's weights, the catalogue, a download, the backend, or the worker itself. */
export type ErrorKind = "photo" | "model" | "catalogue" | "network" | "backend" | "crash";

/** Where the network runs. */
export type BackendName = "webgpu" | "cpu";

/** The steps of loading, in order. */
export type LoadingStage = "program" | "data" | "warm-up";

/** How far loading has come. */
export interface LoadingProgress {
  stage: LoadingStage;
  /** Bytes received in this stage. */
  received: number;
  /** Bytes to receive in this stage, where that is known. */
  total?: number;
  /** What is fetched in this stage: each file once, always in the same order. While warming up, what has been. */
  files: FileProgress[];
}

/** What is in a file: the worker's program, the network's weights, what is known of the catalogue's items, or their vectors. */
export type FileKind = "program" | "weights" | "items" | "features";

/** A file on its way. */
export interface FileProgress {
  kind: FileKind;
  /** Its name, without a folder. */
  name: string;
  /** Bytes that have arrived. Where a download breaks off and goes on, those that come a second time do not count. */
  received: number;
  /** Bytes in all, where that is known. */
  total?: number;
}

/** A part of a photo: its edges as fractions of the upright photo's width and height, from the top left. */
export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** What the network sees in a photo. */
export interface Embedding {
  /** Of Euclidean length 1: two garments are as similar as the dot product of their vectors. */
  vector: Float32Array;
  /** Where the garment is. */
  box: Box;
  /** The likeliest category, as the model names it, and its probability (0 to 1). */
  category: { name: string; probability: number } | undefined;
  /** Attributes of which the network is sure, such as `{ sleeve: "long" }`. */
  attributes: Record<string, string>;
  /** Width of the upright photo, pixels. */
  width: number;
  /** Height of the upright photo, pixels. */
  height: number;
}

/** An item of the catalogue that a search has found. Every text is the catalogue's own: put it into a page as text, never as HTML. */
export interface Item {
  id: string;
  title: string | undefined;
  /** Empty where it is not known. */
  category: string;
  /** Cosine similarity to what was searched for, at most 1. For a vector of another length than 1, the dot product. */
  score: number;
  /** Absolute address of the picture. */
  image: string;
  /** Width of the picture, pixels. */
  width: number;
  /** Height of the picture, pixels. */
  height: number;
  /** As the shop writes it, with its currency. */
  price: string | undefined;
  /** Absolute address of the item's page; `http` or `https`, whatever the catalogue says. */
  link: string | undefined;
}

export interface LoadOptions {
  /** Address of a model.json or of its folder, relative to the page. Twill's own without it. */
  model?: string | URL;
  /** Address of a catalogue.json or of its folder, relative to the page. The one beside twill.js without it. */
  catalogue?: string | URL;
  /** Only this backend will do. Without it Twill picks what works here. */
  backend?: BackendName;
  /** Language of errors, such as `de`; English without it. */
  lang?: string;
  onProgress?: (progress: LoadingProgress) => void;
  /** Gives up loading. */
  signal?: AbortSignal;
}

export interface EmbedOptions {
  /** The part to look at. Without it the network finds the garment. */
  crop?: Box;
  /** Rejects with the signal's reason; the worker finishes what it has begun. */
  signal?: AbortSignal;
}

export interface SearchOptions extends EmbedOptions {
  /** At most so many items; 5 without it. */
  k?: number;
  /** Only items of these categories, as the catalogue names them; all where there are none. */
  categories?: string[];
}

/** A photo, an embedding, or the id of an item, which is not among the results itself. */
export type Query = Blob | { vector: Iterable<number> } | { item: string };

/** Something went wrong that is not the caller's mistake. */
export class TwillError extends Error {
  readonly name: "TwillError";
  readonly kind: ErrorKind;
  /** One sentence for a person, in the language of `LoadOptions.lang`. */
  readonly message: string;
  /** Key of the sentence in texts/en.json, and what goes into its places. */
  readonly key: string;
  readonly values: Record<string, string | number>;
  /** What whoever wrote the page may want to look at, in English. */
  readonly hint: string | undefined;
}

/** A network and a catalogue in a worker of their own. */
export class Twill {
  private constructor();

  /** Loads everything. Rejects with a {@link TwillError}; with a `TypeError` where an option is none. */
  static load(options?: LoadOptions): Promise<Twill>;

  /** Where the network runs now. */
  readonly backend: BackendName;
  /** The catalogue's name and the number of its items. */
  readonly catalogue: { readonly name: string; readonly count: number };

  /**
   * Embeds the garment in a photo. Photos are taken one after the other, in the order in which they came.
   *
   * Rejects with a {@link TwillError}; with a `TypeError` or `RangeError` where an argument is wrong.
   */
  embed(photo: Blob, options?: EmbedOptions): Promise<Embedding>;

  /**
   * Finds the catalogue's most similar items, best first; among equals the earlier one. Exact: nothing is left out.
   *
   * Rejects as {@link Twill.embed} does.
   */
  search(query: Query, options?: SearchOptions): Promise<Item[]>;

  /** Ends the worker and frees its memory. Whatever is asked from then on, or still waits, rejects with an `InvalidStateError`. */
  close(): void;
}
