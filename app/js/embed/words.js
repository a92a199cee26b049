// Twill's words in other people's pages: the same files that translators write for Twill's own (app/texts).

/** The languages that there are words in. */
export const LANGUAGES = ["ar", "de", "en", "es", "fr", "zh"];
const RIGHT_TO_LEFT = ["ar"];
const PATIENCE_MS = 10_000;

/** From these similarities on, the words for it: as on Twill's own page (app/src/texts.rs). */
const LIKENESS = [
  [0.975, "likeness_twin"],
  [0.87, "likeness_very"],
  [0.8, "likeness_similar"],
  [0.68, "likeness_somewhat"],
  [-Infinity, "likeness_distant"],
];

const files = new Map();

/** The words in the file of a language; null where they are not to be had. Asked for once, and again after a failure. */
function fetchWords(home, code) {
  const address = new URL(`texts/${code}.json`, home).href;
  if (!files.has(address)) {
    const words = fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null)
      .then((words) => {
        if (words === null) files.delete(address);
        return words;
      });
    files.set(address, words);
  }
  return files.get(address);
}

/**
 * The first language that there are words in, of tags such as `de-AT`; else English.
 *
 * @param {(string | null | undefined)[]} tags
 */
export function chooseLanguage(tags) {
  const codes = tags.map((tag) => String(tag ?? "").toLowerCase().split(/[-_]/)[0]);
  return codes.find((code) => LANGUAGES.includes(code)) ?? "en";
}

/**
 * Fetches the words of a language, and the English ones where it has none.
 *
 * @param {string} home Address of the folder with Twill's files.
 * @param {string} code
 */
export async function loadWords(home, code) {
  const own = await fetchWords(home, code);
  if (own !== null) return new Words(code, own);
  return new Words("en", code === "en" ? null : await fetchWords(home, "en"));
}

export class Words {
  #words;
  #plurals;
  #numbers;

  constructor(code, words) {
    this.code = code;
    /** Whether there are any words. */
    this.isThere = words !== null;
    this.direction = RIGHT_TO_LEFT.includes(code) ? "rtl" : "ltr";
    this.#words = words ?? {};
    this.#plurals = new Intl.PluralRules(code);
    this.#numbers = new Intl.NumberFormat(code, { maximumFractionDigits: 1 });
  }

  /**
   * The words with this key, with values in their `{places}`; the key itself where there are none. Where the words depend on a number,
   * it is `values.count`.
   *
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    const entry = Object.hasOwn(this.#words, key) ? this.#words[key] : key;
    const form = typeof entry === "object" ? (entry[this.#plurals.select(Number(values.count))] ?? entry.other) : entry;
    return String(form).replace(/\{(\w+)\}/g, (place, name) => {
      if (!Object.hasOwn(values, name)) return place;
      const value = values[name];
      return typeof value === "number" ? this.#numbers.format(value) : String(value);
    });
  }

  /** A name of the catalogue's, such as a category's, where somebody has translated it; else as it is. */
  name(name) {
    const names = this.#words.names;
    return names && Object.hasOwn(names, name) ? names[name] : name;
  }

  /** How alike two garments are; `score` is a cosine similarity. */
  likeness(score) {
    return this.say(LIKENESS.find(([least]) => score >= least)?.[1] ?? "likeness_distant");
  }
}
