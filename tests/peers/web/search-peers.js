// Everything else that searches in a browser: each is built over the drawn items and returns a function from a query to rows. What takes
// long calls `check` between its steps, which throws where it takes too long.
import { scan } from "./search-data.js";

export const PEERS = {
  "plain JavaScript": async ({ items, dimension, k }) => (query) => scan(items, dimension, query, k),

  "EdgeVec, HNSW, l2": (drawn, check) => edgevec(drawn, check, "Hnsw"),

  "EdgeVec, flat, l2": (drawn, check) => edgevec(drawn, check, "Flat"),

  async Voy({ items, rows, dimension, k }) {
    // Made for a bundler, whose part these lines play.
    const voy = await import("./npm/voy-search/voy_search_bg.js");
    const program = fetch("npm/voy-search/voy_search_bg.wasm");
    const { instance } = await WebAssembly.instantiateStreaming(program, { "./voy_search_bg.js": voy });
    voy.__wbg_set_wasm(instance.exports);
    const embeddings = Array.from({ length: rows }, (_, row) => ({
      id: String(row),
      title: "",
      url: "",
      embeddings: Array.from(items.subarray(row * dimension, (row + 1) * dimension)),
    }));
    const index = new voy.Voy({ embeddings });
    return (query) => index.search(query, k).neighbors.map((neighbour) => Number(neighbour.id));
  },

  async "hnswlib-wasm"({ items, rows, dimension, k }, check) {
    const { loadHnswlib } = await import("./npm/hnswlib-wasm/dist/hnswlib.js");
    const library = await loadHnswlib();
    const index = new library.HierarchicalNSW("ip", dimension, "");
    index.initIndex(rows, 16, 200, 1);
    const labels = [];
    for (let row = 0; row < rows; row += 1000) {
      const some = Array.from({ length: Math.min(1000, rows - row) }, (_, at) =>
        items.slice((row + at) * dimension, (row + at + 1) * dimension),
      );
      labels.push(...index.addItems(some, false));
      check();
    }
    index.setEfSearch(64);
    const row = new Map(labels.map((label, at) => [label, at]));
    return (query) => index.searchKnn(query, k, undefined).neighbors.map((label) => row.get(label));
  },
};

async function edgevec({ items, rows, dimension, k }, check, kind) {
  const { default: start, EdgeVec, EdgeVecConfig, JsIndexType } = await import("./npm/edgevec/edgevec.js");
  await start();
  const config = new EdgeVecConfig(dimension);
  config.metric = "l2";
  config.indexType = JsIndexType[kind];
  const index = new EdgeVec(config);
  const ids = [];
  for (let row = 0; row < rows; row += 1000) {
    const count = Math.min(1000, rows - row);
    ids.push(...index.insertBatchFlat(items.subarray(row * dimension, (row + count) * dimension), count));
    check();
  }
  const row = new Map(ids.map((id, at) => [id, at]));
  return (query) => index.search(query, k).map(({ id }) => row.get(id));
}
