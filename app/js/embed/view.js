// What <twill-search> shows: made once, then brought up to date with what the element knows.

import { card } from "./card.js";
import { icon, make } from "./dom.js";

/**
 * What the element knows.
 *
 * @typedef {{
 *   state: import("../twill-search.js").TwillSearchState,
 *   words: import("./words.js").Words | null,
 *   hasQuery: boolean,
 *   photo: string | null,
 *   seen: import("../twill.js").Embedding | null,
 *   items: import("../twill.js").Item[],
 *   trouble: { kind: string, key: string, values: Record<string, string | number> } | null,
 *   progress: import("../twill.js").LoadingProgress | null,
 *   isSelectable: boolean,
 * }} Known
 */

/** What a person can do about an error, by its kind; what concerns the backend is the page's affair, not theirs. */
const ADVICE = {
  photo: "advice_photo",
  model: "advice_files",
  catalogue: "advice_files",
  network: "advice_network",
  backend: "advice_files",
  crash: "advice_crash",
};

export class View {
  #frame;
  #parts = {};
  #shown = { items: null, words: null, isSelectable: false, photo: null };
  #actions;

  /**
   * @param {ShadowRoot} root
   * @param {{
   *   take: (file: File) => void, prepare: () => void, again: () => void,
   *   choose: (item: import("../twill.js").Item) => boolean,
   * }} actions
   */
  constructor(root, actions) {
    this.#actions = actions;
    const parts = this.#parts;
    const picker = (capture) => {
      const input = make("input", { type: "file", accept: "image/*", hidden: true, tabIndex: -1 });
      if (capture) input.setAttribute("capture", "environment");
      input.addEventListener("change", () => {
        const [file] = input.files;
        // So that the same file can be chosen again.
        input.value = "";
        if (file) actions.take(file);
      });
      return input;
    };
    const press = (input) => () => {
      // Looking for a photo takes a person longer than most of loading.
      actions.prepare();
      input.click();
    };
    const [photos, camera] = [picker(false), picker(true)];
    const text = (name, tag, properties) => (parts[name] = make(tag, properties));
    const button = (name, className, symbol, onclick) =>
      make("button", { type: "button", className: `button ${className}`, part: `button ${name}`, onclick }, symbol && icon(symbol), text(name, "span"));

    parts.title = make("h2", { className: "title", part: "title" }, make("slot", { name: "title" }));
    parts.photo = make("div", { className: "photo", part: "photo" }, text("image", "img"), text("box", "div", { className: "box" }), text("unseen", "span"));
    parts.image.addEventListener("error", () => this.#photoIsSeen(false));
    parts.image.addEventListener("load", () => this.#photoIsSeen(true));
    parts.again = button("retry", "", null, () => {
      parts.choose.parentElement.focus();
      actions.again();
    });
    parts.intake = make(
      "div",
      { className: "intake", part: "intake" },
      parts.title,
      text("lead", "p", { className: "lead soft", part: "lead" }),
      parts.photo,
      text("guess", "p", { className: "soft", part: "category" }),
      make(
        "div",
        { className: "buttons" },
        button("choose", "primary", "picture", press(photos)),
        button("camera", "touch-only", "camera", press(camera)),
        photos,
        camera,
      ),
      text("hint", "p", { className: "soft hint", part: "hint" }),
      make("p", { className: "soft privacy", part: "privacy" }, icon("lock"), text("privacy", "span")),
    );
    parts.outcome = make(
      "div",
      { className: "outcome", part: "outcome" },
      (parts.progress = make(
        "div",
        { className: "progress", part: "progress" },
        (parts.track = make("div", { className: "track", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, text("done", "div", { className: "done" }))),
        text("doing", "p", { className: "soft" }),
      )),
      (parts.trouble = make(
        "div",
        { className: "notice", part: "error", role: "alert" },
        text("what", "p", { className: "what" }),
        text("advice", "p"),
        parts.again,
      )),
      (parts.nothing = make("div", { className: "notice calm", part: "nothing" }, text("none", "p", { className: "what" }), text("noneAdvice", "p"))),
      text("heading", "h2", { part: "heading" }),
      text("cards", "ol", { className: "cards", part: "results" }),
    );
    this.#frame = make(
      "section",
      { className: "frame empty wordless", part: "frame" },
      parts.intake,
      parts.outcome,
      text("status", "p", { className: "visually-hidden", role: "status" }),
      text("veil", "p", { className: "veil", part: "veil", hidden: true, "aria-hidden": "true" }),
    );
    root.append(this.#frame);
  }

  /** Says that a file hovers over the element. */
  hover(isOver) {
    this.#parts.veil.hidden = !isOver;
  }

  /** Without any words: a sentence that needs no file. */
  giveUp(sentence) {
    this.#frame.replaceChildren(make("p", { className: "notice", role: "alert", textContent: sentence }));
    this.#frame.classList.remove("wordless");
  }

  /** @param {Known} known */
  show(known) {
    const { state, words, hasQuery, trouble } = known;
    const parts = this.#parts;
    this.#frame.dataset.state = state;
    this.#frame.classList.toggle("empty", !hasQuery);
    this.#frame.classList.toggle("searching", state === "searching" || state === "loading");
    this.#frame.classList.toggle("wordless", words === null);
    if (words === null) return;
    const isBusy = state === "searching" || (state === "loading" && hasQuery);
    // Not the whole: what is busy is not read out, and what happens is to be heard.
    parts.cards.setAttribute("aria-busy", String(isBusy));
    if (this.#shown.words !== words) this.#sayWhatStays(words);

    parts.title.hidden = known.photo !== null;
    parts.lead.hidden = hasQuery;
    parts.hint.hidden = hasQuery;
    parts.choose.textContent = words.say(hasQuery ? "new_photo" : "choose_photo");
    this.#showPhoto(known);
    this.#showProgress(known);

    parts.trouble.hidden = state !== "failed";
    if (trouble !== null && state === "failed") {
      parts.what.textContent = words.say(trouble.key, trouble.values);
      parts.advice.textContent = words.say(ADVICE[trouble.kind] ?? "advice_files");
      parts.again.hidden = trouble.kind === "photo";
    }
    parts.nothing.hidden = state !== "nothing";
    parts.heading.hidden = !isBusy && state !== "results";
    parts.heading.textContent = words.say(isBusy ? "searching" : "results");
    this.#showCards(known);
    parts.outcome.hidden = ![parts.progress, parts.trouble, parts.nothing, parts.heading].some((part) => !part.hidden);
    parts.status.textContent = this.#status(known, isBusy);
    Object.assign(this.#shown, { words, isSelectable: known.isSelectable });
  }

  #sayWhatStays(words) {
    const parts = this.#parts;
    this.#frame.dir = words.direction;
    this.#frame.lang = words.code;
    this.#frame.setAttribute("aria-label", words.say("widget_title"));
    parts.title.firstElementChild.textContent = words.say("widget_title");
    parts.track.setAttribute("aria-label", words.say("loading"));
    for (const [part, key] of Object.entries({
      lead: "widget_lead",
      hint: "widget_hint",
      camera: "take_photo",
      privacy: "privacy",
      retry: "try_again",
      veil: "drop_now",
      none: "nothing_similar",
      noneAdvice: "nothing_similar_advice",
      unseen: "no_preview",
    })) {
      parts[part].textContent = words.say(key);
    }
  }

  #showPhoto({ photo, seen, words }) {
    const { photo: frame, image, box, guess } = this.#parts;
    frame.hidden = photo === null;
    if (this.#shown.photo !== photo) {
      this.#shown.photo = photo;
      this.#photoIsSeen(true);
      if (photo === null) image.removeAttribute("src");
      else image.src = photo;
    }
    image.alt = words.say("photo_alt", { name: "" }).trim();
    box.hidden = !seen;
    if (seen) {
      const { x1, y1, x2, y2 } = seen.box;
      const sides = { left: x1, top: y1, width: x2 - x1, height: y2 - y1 };
      for (const [side, part] of Object.entries(sides)) box.style[side] = `${(part * 100).toFixed(2)}%`;
    }
    guess.hidden = !seen?.category;
    if (seen?.category) {
      const name = words.name(seen.category.name);
      guess.textContent = seen.category.probability < 0.5 ? words.say("perhaps", { name }) : name;
    }
  }

  /** A browser may be unable to show a photo that Twill can read. */
  #photoIsSeen(isSeen) {
    const { photo, image, unseen } = this.#parts;
    photo.classList.toggle("unseen", !isSeen);
    image.hidden = !isSeen;
    unseen.hidden = isSeen;
  }

  #showProgress({ state, progress, hasQuery, words }) {
    const { progress: part, track, done, doing } = this.#parts;
    part.hidden = state !== "loading";
    if (part.hidden) return;
    const { stage, received = 0, total } = progress ?? {};
    const mega = (bytes) => bytes / 1e6;
    const what = { program: "progress_program", data: "progress_data", "warm-up": "progress_warm_up" }[stage] ?? "progress_begin";
    let text = words.say(what);
    if (stage === "program" || stage === "data") {
      const key = total ? "progress_bytes" : "progress_bytes_so_far";
      text = words.say(key, { what: text, received: mega(received), total: mega(total ?? 0) });
    }
    doing.textContent = hasQuery ? words.say("progress_waits", { what: text }) : text;
    const percent = total ? Math.min(100, Math.floor((received / total) * 100)) : undefined;
    track.classList.toggle("endless", percent === undefined);
    done.style.width = percent === undefined ? "" : `${percent}%`;
    if (percent === undefined) track.removeAttribute("aria-valuenow");
    else track.setAttribute("aria-valuenow", String(percent));
    track.setAttribute("aria-valuetext", text);
  }

  #showCards({ state, items, words, isSelectable }) {
    const { cards } = this.#parts;
    cards.hidden = items.length === 0 || state === "failed" || state === "nothing";
    const shown = this.#shown;
    if (shown.items === items && shown.words === words && shown.isSelectable === isSelectable) return;
    shown.items = items;
    cards.replaceChildren(...items.map((item) => card(item, words, isSelectable, this.#actions.choose)));
  }

  #status({ state, items, words }, isBusy) {
    if (isBusy) return words.say("searching");
    if (state === "results") return words.say("announce_results", { count: items.length });
    return state === "nothing" ? words.say("nothing_similar") : "";
  }
}
