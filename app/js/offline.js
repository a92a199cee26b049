// The page's side of sw.js, which keeps the site for use without a network.
//
// `data-offline` on the page's root says how far that has come: `ready` when the page works without a network, `complete` when
// the catalogue's pictures are there as well.

// Asks a service worker something; null where it does not know.
const ask = (worker, question) =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data ?? null);
    worker.postMessage(question, [port2]);
  });

// Somebody who has come to search is not kept waiting by this.
const GRACE_MS = 4000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve));

// Changes over to a version that has come in whole, if this is the only page that shows the old one. Then the page is loaded
// anew, and this does not return: nothing of the old version has been started yet.
export async function settle() {
  const { controller } = navigator.serviceWorker;
  const waiting = controller && (await navigator.serviceWorker.getRegistration())?.waiting;
  // Without a network, what the new version has not brought along could not be had.
  if (!waiting || !navigator.onLine || (await ask(controller, "count pages")) !== 1) return;
  const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  waiting.postMessage("take over");
  await changed;
  location.reload();
  await new Promise(() => {});
}

// A photo that another app has shared with this one.
export async function takeShared() {
  const cache = await caches.open(`twill ${new URL("./", document.baseURI)} shared`);
  const [request] = await cache.keys();
  const response = request && (await cache.match(request));
  if (!response) return null;
  await cache.delete(request);
  const type = response.headers.get("content-type") ?? "";
  return new File([await response.blob()], decodeURIComponent(response.headers.get("x-name") ?? ""), { type });
}

// Keeps the site, once the page has what it needs itself; and the pictures, once somebody has searched.
export async function keep() {
  const app = document.getElementById("twill");
  const reached = (states) =>
    new Promise((resolve) => {
      const look = () => states.includes(app.dataset.state) && (observer.disconnect(), resolve());
      const observer = new MutationObserver(look);
      observer.observe(app, { attributes: true, attributeFilter: ["data-state"] });
      look();
    });
  await reached(["ready", "ranked"]);
  await Promise.race([reached(["ranked"]), sleep(GRACE_MS)]);
  await idle();
  await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  document.documentElement.dataset.offline = "ready";
  await reached(["ranked"]);
  if (navigator.connection?.saveData) return;
  for (let left = 1; left > 0; ) {
    await reached(["ready", "ranked"]);
    await idle();
    left = await ask(active, "keep pictures");
    // The network is gone, or has another version: the rest another time. Or there are too many of them.
    if (left === null) return;
  }
  document.documentElement.dataset.offline = "complete";
}
