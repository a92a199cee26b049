// Keeps the site for use without a network, one version of it, whole.
//
// Files are kept by their SHA-256, and this script names every file of its version with its hash (app/offline.sh writes them
// into the two lines below). So nothing of another version can slip in, whatever a server answers; a new version fetches only
// what has changed; and it is used only when all of it is there and no page shows the old one any more.
const VERSION = "";
const FILES = [];

// The program for the graphics card is kept when it is first used: most devices never need it, and it is larger than all the rest.
const LATER = ["graphics.js", "graphics_bg.wasm"];

// The catalogue's pictures are kept when they are first shown, and all of them once somebody has searched, see offline.js.
// Their list is one of the files.
const PICTURES = "pictures.json";
const PICTURES_FOLDER = "catalogue/images/";
const MOST_PICTURE_BYTES = 20e6;
const PICTURES_AT_ONCE = 60;
const DOWNLOADS_AT_ONCE = 4;
const HASH_DIGITS = 32;

const SCOPE = registration.scope;
const STORE = `twill ${SCOPE}`;
// What another app has shared with this one, until the page takes it.
const SHARED = `${STORE} shared`;

const addressOf = (path) => new URL(path === "index.html" ? "./" : path, SCOPE).href;
const keyOf = (hash) => new URL(`?sha256=${hash}`, SCOPE).href;

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, HASH_DIGITS);
}

// Fetches a file unless it is there. Fails where the server has another version of it.
async function keep(store, [path, hash]) {
  if (await store.match(keyOf(hash))) return;
  // What the browser's cache has is good if it is right.
  for (const cache of ["default", "reload"]) {
    const response = await fetch(addressOf(path), { cache, credentials: "same-origin" });
    const bytes = await response.arrayBuffer();
    if (response.ok && (await hashOf(bytes)) === hash) {
      const headers = { "content-type": response.headers.get("content-type") ?? "", "content-length": bytes.byteLength };
      await store.put(keyOf(hash), new Response(bytes, { headers }));
      return;
    }
  }
  throw new Error(`${path} is not of version ${VERSION}`);
}

// Some at a time. Fails with the first that fails.
async function keepAll(store, files) {
  const waiting = files.slice();
  const worker = async () => {
    while (waiting.length > 0) await keep(store, waiting.shift());
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, worker));
}

async function kept(file) {
  const store = await caches.open(STORE);
  await keep(store, file);
  return store.match(keyOf(file[1]));
}

let pictures;
async function pictureList() {
  pictures ??= (await kept(FILES.find(([path]) => path === PICTURES))).json();
  return pictures;
}

// Keeps some more of the catalogue's pictures. Resolves to how many are still missing; to null where they are too many.
async function keepPictures() {
  const list = await pictureList();
  const bytes = list.reduce((sum, [, , bytes]) => sum + bytes, 0);
  if (bytes > MOST_PICTURE_BYTES) return null;
  const store = await caches.open(STORE);
  const there = new Set((await store.keys()).map((request) => request.url));
  const missing = list.filter(([, hash]) => !there.has(keyOf(hash)));
  await keepAll(store, missing.slice(0, PICTURES_AT_ONCE));
  return Math.max(0, missing.length - PICTURES_AT_ONCE);
}

async function activate() {
  if (VERSION === "") {
    // The site as it is being worked on, where nothing must be old: whatever an earlier visit has left here goes.
    await Promise.all([caches.delete(STORE), registration.unregister()]);
    return;
  }
  const store = await caches.open(STORE);
  const wanted = new Set([...FILES, ...(await pictureList())].map(([, hash]) => keyOf(hash)));
  const old = (await store.keys()).filter((request) => !wanted.has(request.url));
  await Promise.all(old.map((request) => store.delete(request)));
  // The page that brought this script may show pictures that are worth keeping.
  await clients.claim();
}

// Another app shares a photo: the page takes it from here, see offline.js.
async function receive(request) {
  const photo = (await request.formData()).get("photo");
  if (photo instanceof File) {
    const headers = { "content-type": photo.type, "x-name": encodeURIComponent(photo.name) };
    await (await caches.open(SHARED)).put(SCOPE, new Response(photo, { headers }));
  }
  return Response.redirect(new URL("?shared", SCOPE), 303);
}

// The page itself. Where what was kept is gone (a browser that runs out of room drops it) and the server has another version by
// now, this script is in the way: it goes, and the network answers.
let isInTheWay = false;
async function page(request, file) {
  try {
    return await kept(file);
  } catch {
    isInTheWay = true;
    await registration.unregister();
    return fetch(request);
  }
}

// Of what is kept, the part that was asked for.
async function part(request, response) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
  if (from === undefined) return response;
  const whole = await response.blob();
  const end = Math.min(to ? Number(to) + 1 : whole.size, whole.size);
  if (Number(from) >= end) return new Response(null, { status: 416 });
  const headers = { "content-type": whole.type, "content-length": end - from, "content-range": `bytes ${from}-${end - 1}/${whole.size}` };
  return new Response(whole.slice(Number(from), end, whole.type), { status: 206, headers });
}

const files = new Map(FILES.map((file) => [addressOf(file[0]), file]));

async function picture(address) {
  const file = (await pictureList()).find(([path]) => SCOPE + path === address);
  return file ? kept(file) : fetch(address);
}

addEventListener("install", (event) => {
  if (VERSION === "") skipWaiting();
  else event.waitUntil(caches.open(STORE).then((store) => keepAll(store, FILES.filter(([path]) => !LATER.includes(path)))));
});

addEventListener("activate", (event) => event.waitUntil(activate()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const address = request.url.split(/[?#]/)[0];
  if (VERSION === "" || isInTheWay || !address.startsWith(SCOPE)) return;
  if (request.method === "POST" && address === new URL("share", SCOPE).href) {
    event.respondWith(receive(request));
  } else if (request.method === "GET") {
    const file = files.get(address === `${SCOPE}index.html` ? SCOPE : address);
    if (file) event.respondWith(request.mode === "navigate" ? page(request, file) : kept(file).then((whole) => part(request, whole)));
    else if (address.startsWith(new URL(PICTURES_FOLDER, SCOPE).href)) event.respondWith(picture(address));
  }
});

addEventListener("message", (event) => {
  const answer = async () => {
    switch (event.data) {
      case "take over":
        return skipWaiting();
      case "count pages":
        return (await clients.matchAll({ type: "window" })).length;
      case "keep pictures":
        return keepPictures();
    }
  };
  event.waitUntil(
    answer().then(
      (answer) => event.ports[0]?.postMessage(answer),
      () => event.ports[0]?.postMessage(null),
    ),
  );
});
