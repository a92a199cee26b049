// The line to Twill's worker, for pages that are not Twill's own: starts it, numbers the questions, hands each answer to whoever
// asked, and tells when the worker is gone. Its messages are those of app/src/protocol.rs: keep the version in step.
const VERSION = 9;

/**
 * What went wrong, before it is put into anybody's words: `key` is one of app/texts, `values` are what goes into its places.
 *
 * @typedef {{ kind: import("../twill.js").ErrorKind, key: string, values: Record<string, string | number>, hint?: string }} Fault
 */

/** Runs in a worker that is not at home: makes the addresses that Twill's programs name mean files of Twill's own folder. */
function settle(home) {
  const at = (file) => (typeof file === "string" ? new URL(file, home).href : file);
  const { importScripts, fetch, Worker } = self;
  self.importScripts = (...files) => importScripts.apply(self, files.map(at));
  self.fetch = (file, options) => fetch.call(self, at(file), options);
  if (Worker) {
    // A worker of the worker's starts as this one did; what comes after the `#` tells it what to be.
    self.Worker = class extends Worker {
      constructor(file, options) {
        super(self.location.href.split("#")[0] + new URL(at(file)).hash, options);
      }
    };
  }
  self.importScripts("worker-loader.js");
}

/** Whether the files in `home` are of another origin than this page: a browser runs scripts from there, but starts no worker. */
const isAway = (home) => new URL(home).origin !== self.origin;

/**
 * Starts the worker whose files lie in the folder `home`. Where that is of another origin, a few lines of this page's own fetch them, if
 * its policy lets it.
 *
 * @param {string} home
 * @returns {{ worker: Worker, release: () => void }}
 */
function startWorker(home) {
  if (!isAway(home)) return { worker: new Worker(new URL("worker-loader.js", home)), release() {} };
  const lines = new Blob([`(${settle})(${JSON.stringify(home)});`], { type: "text/javascript" });
  const address = URL.createObjectURL(lines);
  return { worker: new Worker(address), release: () => URL.revokeObjectURL(address) };
}

/** For whoever wrote the page, should the worker not start. */
function hintFor(home) {
  const { origin } = new URL(home);
  return isAway(home)
    ? `Twill's files lie on another origin than this page. If the page has a Content-Security-Policy, worker-src must allow blob:, ` +
        `script-src and connect-src must allow ${origin}, and script-src 'wasm-unsafe-eval'. ${origin} must allow other origins.`
    : `If this page has a Content-Security-Policy, worker-src must allow ${origin}, and script-src 'wasm-unsafe-eval'.`;
}

/** Reads a `Message` of the protocol: its values are `{ Text }` or `{ Number }`. */
const read = ({ key, values = [] }) => ({
  key,
  values: Object.fromEntries(values.map(([name, value]) => [name, value.Text ?? value.Number])),
});

export class Line {
  #worker;
  #release = () => {};
  #hint;
  #lastId = 0;
  #waiting = new Map();
  #hear;

  /**
   * @param {string} home Address of the folder with Twill's files.
   * @param {(answer: object) => void} hear Hears what the worker says unasked, and `{ Died: fault }` when it is gone.
   */
  constructor(home, hear) {
    this.#hear = hear;
    this.#hint = hintFor(home);
    try {
      const { worker, release } = startWorker(home);
      Object.assign(worker, {
        onmessage: (event) => this.#take(event.data),
        onmessageerror: () => this.#die({ key: "worker_died", values: {} }),
        onerror: (event) => {
          event.preventDefault();
          const reason = event.message;
          this.#die(reason ? { key: "worker_died_of", values: { reason } } : { key: "worker_died", values: {} });
        },
      });
      this.#worker = worker;
      this.#release = release;
    } catch {
      // As long as the constructor runs, nobody can hear of it.
      queueMicrotask(() => this.#die({ key: "no_worker", values: {} }));
    }
  }

  /**
   * Asks; resolves to the answer.
   *
   * @param {object} ask An `Ask` of the protocol.
   * @returns {Promise<any>} Rejects with a {@link Fault}.
   */
  ask(ask) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage({ version: VERSION, id, ask });
    });
  }

  /** Ends the worker. Whoever waits for an answer is told of `fault`. */
  close(fault) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#release();
    for (const { reject } of this.#waiting.values()) reject(fault);
    this.#waiting.clear();
  }

  #take({ version, id, answer }) {
    if (this.#worker === undefined) return;
    if (version !== VERSION) return this.#die({ key: "outdated", values: {} });
    if (answer.Crashed) return this.#die(read(answer.Crashed));
    // Once the program answers, no policy is in its way.
    if (answer.Ready) this.#hint = undefined;
    const asked = this.#waiting.get(id);
    if (answer.Failed) {
      const { kind, message } = answer.Failed;
      this.#waiting.delete(id);
      asked?.reject({ kind: kind.toLowerCase(), ...read(message) });
    } else if (asked && !answer.Progress) {
      this.#waiting.delete(id);
      asked.resolve(answer);
    } else {
      this.#hear(answer);
    }
  }

  #die(fault) {
    fault = { kind: "crash", hint: this.#hint, ...fault };
    this.close(fault);
    this.#hear({ Died: fault });
  }
}
