// Types of twill-search.js; docs/embedding.md tells of it at length.

import type { BackendName, Embedding, Item, Query, TwillError } from "./twill.js";

/** What the element is doing; in styles `twill-search:state(results)`. */
export type TwillSearchState = "idle" | "loading" | "ready" | "searching" | "results" | "nothing" | "failed";

export interface TwillSearchEventMap {
  /** Everything has been loaded. */
  "twill-ready": CustomEvent<{ backend: BackendName; catalogue: string; count: number }>;
  /** A search is over; `items` is empty where nothing is similar. `photo` is null where the search was not by photo. */
  "twill-results": CustomEvent<{ items: Item[]; photo: Embedding | null }>;
  /** A visitor has chosen an item. Cancelled, its link is not followed. */
  "twill-select": CustomEvent<{ item: Item }>;
  /** The visitor is shown what went wrong. A `TypeError` is the page's own mistake, such as a backend that does not exist. */
  "twill-error": CustomEvent<{ error: TwillError | Error }>;
}

/** `<twill-search>`. */
export class TwillSearch extends HTMLElement {
  readonly state: TwillSearchState;
  /** What was found last, best first. */
  readonly items: Item[];

  /** Loads everything, unless it is there. Rejects with what `twill-error` tells. */
  load(): Promise<void>;

  /**
   * Searches, and shows what is found. Resolves to the items that are similar enough to be shown.
   *
   * Rejects with what `twill-error` tells; with an `AbortError` where another search has begun in the meantime.
   */
  search(query: Query): Promise<Item[]>;

  /** Back to the beginning: no photo, no results. */
  clear(): void;

  addEventListener<K extends keyof TwillSearchEventMap>(
    type: K,
    listener: (this: TwillSearch, event: TwillSearchEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: TwillSearch, event: HTMLElementEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "twill-search": TwillSearch;
  }
}
