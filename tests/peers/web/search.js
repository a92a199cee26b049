// Measures search in this browser as the address asks (`?task=scan|workers|peers&...`) and leaves the figures in `window.report`.
import { draw, median, scan } from "./search-data.js";
import { PEERS } from "./search-peers.js";

const asked = new URLSearchParams(location.search);
const number = (name, otherwise) => Number(asked.get(name) ?? otherwise);
const k = 10;
const dimension = number("dimension", 64);
const rounds = number("rounds", 15);

/** A worker that answers one message at a time. */
class Helper {
  constructor() {
    this.worker = new Worker("search-worker.js", { type: "module" });
  }
  ask(message) {
    return new Promise((done, failed) => {
      this.worker.onmessage = ({ data }) => (data.failure ? failed(new Error(data.failure)) : done(data));
      this.worker.onerror = (event) => failed(new Error(event.message || "the worker could not be started"));
      this.worker.postMessage(message);
    });
  }
}

/** One worker: a pure read of the codes, and a search with every kernel, by turns. */
async function scans() {
  const helper = new Helper();
  const hold = { rows: number("rows", 1_000_000), shards: number("shards", 1), dimension };
  const { held, kernels } = await helper.ask({ hold });
  const turns = Math.max(1, Math.round(8_000_000 / held));
  const ways = { "pure read of the codes": {} };
  for (const kernel of kernels.filter((kernel) => kernel !== "portable")) ways[`search by codes, ${kernel}`] = { kernel };
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const { ms } = await helper.ask({ ...way, round: Math.max(round, 0) * turns, turns });
      // The first round warms up.
      if (round >= 0) times[name].push(ms);
    }
  }
  return { rows: held, ways: Object.entries(times).map(([name, all]) => ({ name, ms: median(all) })) };
}

/** The same codes in one worker, and half of them in each of two, which search at the same time. */
async function workers() {
  const half = number("shards", 2);
  const hold = (shards) => ({ hold: { rows: number("rows", 1_000_000), shards, dimension } });
  const [one, ...two] = [new Helper(), new Helper(), new Helper()];
  const { held, kernels } = await one.ask(hold(2 * half));
  for (const helper of two) await helper.ask(hold(half));
  const times = { one: [], two: [] };
  const turns = 4;
  for (let round = -1; round < rounds; round++) {
    const message = { kernel: kernels[0], round: Math.max(round, 0), turns };
    // Both from this page's view: what messages cost, both have.
    const timed = async (helpers) => {
      const begun = performance.now();
      await Promise.all(helpers.map((helper) => helper.ask(message)));
      return (performance.now() - begun) / turns;
    };
    const [alone, both] = [await timed([one]), await timed(two)];
    if (round >= 0) {
      times.one.push(alone);
      times.two.push(both);
    }
  }
  return { rows: held, kernel: kernels[0], one: median(times.one), two: median(times.two) };
}

/** Twill and the peers over the same items, by turns, on this page's one thread. */
async function peers() {
  const rows = number("rows", 20_000);
  const limit = number("build_s", 120) * 1000;
  const drawn = { rows, dimension, k, ...draw(rows, dimension, 24) };
  const truth = drawn.queries.map((query) => new Set(scan(drawn.items, dimension, query, k)));
  const twill = await import("./twill/search_peer.js");
  await twill.default();
  const [kernel] = twill.kernels();
  const begun = performance.now();
  const index = new twill.Index(drawn.items, dimension);
  const build = performance.now() - begun;
  const ways = [true, false].map((isProof) => ({
    name: `Twill, ${isProof ? "proven" : "codes alone"}, ${kernel}`,
    build,
    ask: (query) => index.search(query, k, isProof, kernel),
  }));
  const missing = [];
  for (const [name, build] of Object.entries(PEERS)) {
    const begun = performance.now();
    const check = () => {
      if (performance.now() - begun > limit) throw new Error(`not built within ${limit / 1000} s`);
    };
    try {
      const ask = await build(drawn, check);
      ways.push({ name, build: performance.now() - begun, ask });
    } catch (error) {
      missing.push({ name, reason: String(error?.message ?? error).slice(0, 200) });
    }
  }
  for (const way of ways) {
    Object.assign(way, { times: [], found: 0 });
    const begun = performance.now();
    drawn.queries.forEach((query, at) => {
      for (const row of way.ask(query)) way.found += truth[at].has(row);
    });
    // The clock has steps of a tenth of a millisecond: a sample takes ten milliseconds or more.
    const once = (performance.now() - begun) / drawn.queries.length;
    way.turns = Math.min(500, Math.max(1, Math.ceil(10 / once)));
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const begun = performance.now();
      for (let turn = 0; turn < way.turns; turn++) way.ask(drawn.queries[(round + turn) % drawn.queries.length]);
      way.times.push((performance.now() - begun) / way.turns);
    }
  }
  const figures = (way) => ({
    name: way.name,
    ms: median(way.times),
    recall: way.found / (k * drawn.queries.length),
    build_s: way.build / 1000,
  });
  return { rows, missing, ways: ways.map(figures) };
}

try {
  window.report = await { scan: scans, workers, peers }[asked.get("task")]();
} catch (error) {
  window.failure = String(error?.stack ?? error);
}
