// Ways of getting a photo into <twill-search> besides its buttons: dropped onto it, or pasted into the page.

/** Whether something that is being dragged holds a file; what it is, a browser tells only when it has been dropped. */
const holdsFile = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/** Whether the person is writing: what is pasted then goes where they write. */
const isWriting = (event) => {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
};

/**
 * Takes photos that are dropped onto the element.
 *
 * @param {HTMLElement} element
 * @param {{ take: (file: File) => void, hover: (isOver: boolean) => void }} actions
 */
export function listenForDrops(element, { take, hover }) {
  // Entering a child comes before leaving its parent.
  let depth = 0;
  element.addEventListener("dragenter", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    depth += 1;
    hover(true);
  });
  element.addEventListener("dragover", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  element.addEventListener("dragleave", (event) => {
    if (!holdsFile(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) hover(false);
  });
  element.addEventListener("drop", (event) => {
    depth = 0;
    hover(false);
    if (!holdsFile(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

/**
 * Takes pictures that are pasted into the page, until the signal says so. Only the page's first element gets them.
 *
 * @param {Document} page
 * @param {(file: File) => void} take
 * @param {AbortSignal} signal
 */
export function listenForPaste(page, take, signal) {
  const listener = (event) => {
    if (event.defaultPrevented || isWriting(event)) return;
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    take(picture);
  };
  page.addEventListener("paste", listener, { signal });
}
