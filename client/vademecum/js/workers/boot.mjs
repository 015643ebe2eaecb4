// @ts-check
/**
 * Starts Python in this worker, from the files that are published in `client/`. Whatever keeps it from starting is one
 * error in seconds: Pyodide itself waits for ever for some of its files.
 */

import { BUNDLED } from "./bundled.mjs";
import { asError, VademecumError } from "../errors.mjs";
import { fetchBody, folderAbove, TIMEOUTS } from "../net/transport.mjs";

/** @typedef {{pyodide: string, python: string[], bytes?: number}} Runtime runtime.json: a folder, archives to unpack, and what all of it takes */
/** @typedef {(bytes: number, totalBytes: number) => void} Progress */

const BOOTED_FROM = import.meta.url;
const MAX_FILE = 100_000_000;
/** The shortest module of WebAssembly: its magic number and version. */
const NO_CODE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** @param {Progress} [progress] @param {string | null} [client] the published `client/`, where the app says that it lies
 * @returns {Promise<any>} Pyodide's interface, with `vademecum` and `tuf` importable */
export async function bootPython(progress = () => {}, client = null) {
  const worker = /** @type {any} */ (self);
  const { fetch: own, importScripts } = worker;
  const files = new Files(own.bind(self), progress);
  // Pyodide refuses a worker that can load scripts, as Turbopack starts it; nothing of it needs that.
  worker.importScripts = () => { throw new TypeError("modules alone"); };
  try {
    requireWasm();
    const bundled = client === null ? BUNDLED : null;
    const address = (/** @type {string} */ path) => bundled?.files[path] ?? new URL(path, client ?? folderAbove(BOOTED_FROM)).href;
    const runtime = bundled?.runtime ?? (await readRuntime(files, address("runtime.json")));
    files.total = runtime.bytes ?? 0;
    const part = (/** @type {string} */ name) => address(`${runtime.pyodide}${name}`);
    self.fetch = (input) => files.answer(part(String(input).split("/").at(-1) ?? ""));
    // Python starts while its packages are still on their way.
    const packages = runtime.python.map((path) => files.bytes(address(path)));
    return await Promise.race([files.failure, start(part, files, packages, bundled?.lock)]);
  } catch (error) {
    const { code, message, status } = asError(error);
    throw new VademecumError(code, `the Python runtime did not start: ${lastLine(message)}`, { status });
  } finally {
    files.end();
    Object.assign(self, { fetch: own, importScripts });
  }
}

/** @param {Files} files @param {string} address @returns {Promise<Runtime>} */
async function readRuntime(files, address) {
  const text = new TextDecoder().decode(await files.bytes(address));
  try {
    return JSON.parse(text);
  } catch {
    throw new VademecumError("content", `${address} is not what \`vade build\` has published: does clientUrl name the client/ folder?`);
  }
}

/** @param {(name: string) => string} part the address of a file of Pyodide @param {Files} files
 * @param {Promise<Uint8Array>[]} packages @param {string} [lock] the text of its lock file, where that is known */
async function start(part, files, packages, lock) {
  const modules = ["pyodide.mjs", "pyodide.asm.mjs"].map((name) => import(/* webpackIgnore: true */ /* @vite-ignore */ part(name)));
  const python = Promise.all(modules).then(([{ loadPyodide }, { default: createPyodideModule }]) => {
    const indexURL = part("pyodide.mjs").replace(/[^/]*$/, "");
    return loadPyodide({ indexURL, createPyodideModule, ...(lock && { lockFileContents: lock }) });
  }).catch(async (error) => {
    // An import that fails does not say why: the host is asked.
    for (const name of ["pyodide.mjs", "pyodide.asm.mjs"]) await files.bytes(part(name));
    throw error;
  });
  const [pyodide, ...archives] = await Promise.all([python, ...packages]);
  const extractDir = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  for (const archive of archives) pyodide.unpackArchive(archive, "zip", { extractDir });
  return pyodide;
}

function requireWasm() {
  try {
    new WebAssembly.Module(NO_CODE);
  } catch {
    const told = "WebAssembly is switched off here: where a Content-Security-Policy does so, add 'wasm-unsafe-eval' to its script-src";
    throw new VademecumError("usage", told);
  }
}

/** The files of a boot: counted as they come, each with the limits of a request; if one fails, the boot fails. */
class Files {
  /** What all of them take, inflated; 0: unknown. */
  total = 0;
  /** @type {Map<string, number>} */ #received = new Map();
  /** @type {(error: unknown) => void} */ #fail = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #silence;
  /** @type {Promise<never>} */ failure = new Promise((_, reject) => (this.#fail = reject));

  /** @param {typeof fetch} ask the worker's own, which Pyodide is not given @param {Progress} progress */
  constructor(ask, progress) {
    this.ask = ask;
    this.progress = progress;
    this.failure.catch(() => undefined); // it is raced against
    this.#listen();
  }

  /** Imports report no bytes: if nothing else comes either, the boot is given up. */
  #listen() {
    clearTimeout(this.#silence);
    const told = `no byte for ${(2 * TIMEOUTS.idle) / 1000} s`;
    this.#silence = setTimeout(() => this.#fail(new VademecumError("network", told)), 2 * TIMEOUTS.idle);
  }

  end() {
    clearTimeout(this.#silence);
  }

  /** @param {string} url */
  async bytes(url) {
    const progress = (/** @type {number} */ count) => {
      this.#listen();
      this.#received.set(url, count);
      if (this.total) this.progress([...this.#received.values()].reduce((sum, bytes) => sum + bytes, 0), this.total);
    };
    try {
      return (await fetchBody(url, { limit: MAX_FILE, progress, cache: "default", ask: this.ask })).data;
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** A file as Pyodide's `fetch`. If it fails, so does the whole boot: then this never settles. @param {string} url
   * @returns {Promise<Response>} */
  answer(url) {
    const type = url.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    const answer = (/** @type {any} */ data) => new Response(data, { headers: { "Content-Type": type } });
    return this.bytes(url).then(answer, () => new Promise(() => {}));
  }
}

/** What a Python error says, without its traceback. @param {string} message */
export function lastLine(message) {
  return message.trimEnd().split("\n").at(-1) ?? "";
}
