// Who walks through the page by its keys is not sent back to its top when what had the focus goes away, as a button does with the
// step that it belonged to: what came in its place gets the focus. Dialogs and the choice of languages give it back themselves,
// with the next frame; so this waits for one more.

// As many results as there are before anybody asks for more.
const FIRST_RESULTS = 5;

let last = null;
document.addEventListener("focusin", ({ target }) => {
  last = target;
});
// Who clicks where there is nothing has let go of it.
document.addEventListener("click", () => {
  if (last?.isConnected && document.activeElement === document.body) last = null;
});

function mend() {
  if (!last || last.isConnected || document.activeElement !== document.body) return;
  const more = document.querySelectorAll('[data-testid="more-like-this"]')[FIRST_RESULTS];
  const place =
    (last.dataset.testid === "show-more" && more) ||
    document.getElementById("results") ||
    document.querySelector("main button");
  place?.focus({ preventScroll: true });
}

new MutationObserver(() => {
  if (last && !last.isConnected) requestAnimationFrame(() => requestAnimationFrame(mend));
}).observe(document.getElementById("twill"), { childList: true, subtree: true });
