// Chooses the page's language before anything is painted: the one that the address names (`?lang=de`), else the one chosen
// last time, else the first of the browser's that there is, else English. English stands in the page and in its program; the
// words of any other language are fetched here, while the program is still on its way.
(() => {
  // In their own words: who looks for a language may not read any other.
  const NAMES = { en: "English", es: "Español", de: "Deutsch", fr: "Français", zh: "中文", ar: "العربية" };
  const RIGHT_TO_LEFT = ["ar"];
  const MEMORY = "twill-language";
  const PATIENCE_MS = 10_000;

  const root = document.documentElement;
  const englishTitle = document.title;

  // The language that a tag such as `de-AT` belongs to, if there is one here.
  const known = (tag) => {
    const code = String(tag ?? "").toLowerCase().split(/[-_]/)[0];
    return Object.hasOwn(NAMES, code) ? code : undefined;
  };

  // How numbers are written: as the person's own region does, where the browser tells.
  const localeOf = (code) => {
    const own = navigator.languages.find((tag) => known(tag) === code);
    try {
      return Intl.getCanonicalLocales(own)[0] ?? code;
    } catch {
      return code;
    }
  };

  // A browser may forbid that anything is remembered, by an exception.
  const remembered = () => {
    try {
      return localStorage.getItem(MEMORY);
    } catch {
      return null;
    }
  };
  const remember = (code) => {
    try {
      localStorage.setItem(MEMORY, code);
    } catch {
      // Then it is asked for again next time.
    }
  };

  // English is in the program. Null where the words are not to be had.
  const fetchWords = async (code) => {
    if (code === "en") return {};
    try {
      const response = await fetch(`texts/${code}.json`, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  };

  const show = (code) => {
    root.lang = code === "zh" ? "zh-Hans" : code;
    root.dir = RIGHT_TO_LEFT.includes(code) ? "rtl" : "ltr";
  };

  const use = (code, words) => {
    show(code);
    Object.assign(language, { code, locale: localeOf(code), words });
    document.title = words.title ?? englishTitle;
  };

  const language = (globalThis.twillLanguage = {
    names: Object.entries(NAMES),
    code: "en",
    locale: localeOf("en"),
    words: {},
    // Settles when the first language's words have come, or are known not to.
    ready: null,
    // Changes over to another language. Resolves to whether its words could be had.
    async choose(code) {
      const words = await fetchWords(code);
      if (words === null) return false;
      remember(code);
      use(code, words);
      return true;
    },
  });

  const wanted =
    known(new URLSearchParams(location.search).get("lang")) ??
    known(remembered()) ??
    navigator.languages.map(known).find((code) => code !== undefined) ??
    "en";

  const begin = async () => {
    if (wanted === "en") return;
    // The page does not turn round when its words arrive, nor does it show English first.
    show(wanted);
    root.dataset.words = "coming";
    const words = await fetchWords(wanted);
    if (document.readyState === "loading") {
      await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
    }
    if (words === null) {
      show("en");
    } else {
      use(wanted, words);
      for (const element of document.querySelectorAll("[data-text]")) {
        element.textContent = words[element.dataset.text] ?? element.textContent;
      }
    }
    delete root.dataset.words;
  };
  language.ready = begin();
})();
