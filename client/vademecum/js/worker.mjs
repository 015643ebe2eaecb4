// @ts-check
/**
 * The sync worker: Python verifies and installs here, one command at a time, and nothing else does.
 *
 * Commands: open {urls, trust, policy, seed, extra} first, then those of browser.py: check, plant,
 * sync {force, damaged, turn, seedless, unasked}, rollback, pin {sequence}, skip {sequence}, refuse {reason}, clear,
 * doctor {repair}; each with the page's `connection`. Events of the engine are passed on as they come. `pause {turn}` does not wait: the sync of that number begins no further object.
 */

import { bootPython, lastLine } from "./workers/boot.mjs";
import { serve } from "./workers/serve.mjs";
import { asError, VademecumError } from "./errors.mjs";
import { Pause } from "./workers/pause.mjs";
import { IndexedStore } from "./store/store.mjs";
import { fetchBody, fileAddress } from "./net/transport.mjs";

const COMMANDS = ["check", "plant", "sync", "rollback", "pin", "skip", "refuse", "clear", "doctor"];

/** @typedef {{urls: string[], trust: string | null, policy: import("./vademecum.d.mts").Policy, seed: string | null, extra?: string, client: string | null, fetched?: Map<string, import("./net/transport.mjs").Body>}} Target `extra`: what else Python fetches of a release; `client`: where the app says that it lies; `fetched`: what the preview has brought of the first tree */
/** @typedef {{run(command: string, args: string, host: object): Promise<string>}} PythonModule vademecum.browser */

/** @type {PythonModule | undefined} */ let python;
/** @type {object | undefined} what Python sees of the browser */
let host;
const pause = new Pause();

/** A published tree as Python asks for its files. What the preview fetched is given once: if it is not what was signed,
 * the host is asked. @param {string} url @param {Map<string, import("./net/transport.mjs").Body>} [fetched] */
function tree(url, fetched) {
  return {
    url,
    fetch: async (/** @type {string} */ path, /** @type {number} */ limit, /** @type {(bytes: number) => void} */ progress) => {
      const body = fetched?.get(path);
      fetched?.delete(path);
      return body && body.data.length <= limit ? body : fetchBody(fileAddress(path, url), { limit, progress });
    },
  };
}

/** @param {Target} target */
async function startPython({ urls, trust, policy, seed, client, extra, fetched }) {
  const pyodide = await bootPython((bytes, totalBytes) => {
    const percentage = Math.min(100, Math.floor((100 * bytes) / totalBytes));
    self.postMessage({ event: "updateProgress", detail: { plan: "none", stage: "starting", percentage, bytes, totalBytes } });
  }, client);
  host = {
    options: JSON.stringify({ trust, policy, extra }),
    openStore: () => new IndexedStore(urls[0]),
    trees: urls.map((url, i) => tree(url, i === 0 ? fetched : undefined)),
    seed: seed ? tree(seed) : undefined, // a null of JavaScript's is not None
    room,
    permitted: () => pause.permitted,
    emit: (/** @type {string} */ event, /** @type {string} */ detail) => self.postMessage({ event, detail: JSON.parse(detail) }),
  };
  python = pyodide.pyimport("vademecum.browser");
}

/** How many bytes may still be stored here, as the browser estimates it. */
async function room() {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
}

/** @param {string} command @param {{turn?: number, seedless?: boolean}} args */
async function run(command, args) {
  if (!python || !host) throw new VademecumError("usage", "open first");
  pause.begin(args.turn);
  const { result, error } = JSON.parse(await runPython(python, args.seedless ? { ...host, seed: undefined } : host, command, args));
  if (error) throw asError(error);
  return result;
}

/** @param {PythonModule} module @param {object} seen @param {string} command @param {object} args */
async function runPython(module, seen, command, args) {
  try {
    return await module.run(command, JSON.stringify(args), seen);
  } catch (error) {
    throw new VademecumError("error", lastLine(asError(error).message));
  }
}

const commands = COMMANDS.map((command) => [command, (/** @type {object} */ args) => run(command, args)]);
serve(self, { open: startPython, pause: ({ turn }) => pause.tell(turn), ...Object.fromEntries(commands) }, { oneByOne: true, atOnce: ["pause"] });
