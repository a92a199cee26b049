// One similar item on a card. What a catalogue says may be anybody's: it is shown as text, and only web addresses are linked.

import { make } from "./dom.js";

/** The address, where it is one of the web; a catalogue's link must not be able to run anything. */
export function webAddress(link) {
  try {
    const address = new URL(link);
    return /^https?:$/.test(address.protocol) ? address.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A list item.
 *
 * @param {import("../twill.js").Item} item
 * @param {import("./words.js").Words} words
 * @param {boolean} isSelectable Whether it can be chosen though it has no link.
 * @param {(item: import("../twill.js").Item) => boolean} choose Tells the page of a choice; returns whether the link may be followed.
 */
export function card(item, words, isSelectable, choose) {
  const name = make("bdi", { textContent: item.title ?? words.name(item.category) });
  const link = webAddress(item.link);
  const onclick = (event) => {
    // A new tab or window is the person's own affair.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!choose(item)) event.preventDefault();
  };
  let title = make("span", {}, name);
  if (link !== undefined) title = make("a", { className: "choice", part: "link", href: link, onclick }, name);
  else if (isSelectable) title = make("button", { className: "choice", part: "link", type: "button", onclick }, name);
  const picture = make("div", { className: "picture", part: "picture" });
  // The name stands beside it in words.
  const onerror = () => picture.classList.add("lost");
  picture.append(make("img", { alt: "", src: item.image, width: item.width, height: item.height, draggable: false, onerror }));
  return make(
    "li",
    { className: "card", part: "card", "data-item-id": item.id, "data-score": String(item.score) },
    picture,
    make(
      "div",
      { className: "words" },
      make("p", { className: "name", part: "name" }, title),
      item.price === undefined ? null : make("p", { className: "price", part: "price" }, make("bdi", { textContent: item.price })),
      make("p", { className: "likeness", part: "likeness", textContent: words.likeness(item.score) }),
    ),
  );
}
