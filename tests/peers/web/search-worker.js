// Twill's codes in a worker: told what to hold, then what to do with it, and how often before it looks at the clock again.
import { draw } from "./search-data.js";
import start, { Index, kernels } from "./twill/search_peer.js";

const k = 10;
let shards, queries;

onmessage = async ({ data }) => {
  try {
    if (data.hold) {
      await start();
      const all = kernels();
      const drawn = draw(data.hold.rows, data.hold.dimension, 32);
      const index = new Index(drawn.items, data.hold.dimension);
      queries = drawn.queries;
      shards = index.shards(data.hold.shards);
      index.free();
      postMessage({ held: shards.len(), kernels: all });
    } else {
      const begun = performance.now();
      for (let turn = 0; turn < data.turns; turn++) {
        if (data.kernel) shards.search(queries[(data.round + turn) % queries.length], k, data.kernel);
        else shards.read();
      }
      postMessage({ ms: (performance.now() - begun) / data.turns });
    }
  } catch (error) {
    postMessage({ failure: String(error?.stack ?? error) });
  }
};
