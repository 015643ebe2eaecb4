// @ts-check
/**
 * Starts Python in this worker, from the files that are published in `client/`. Whatever keeps it from starting is one
 * error in seconds: Pyodide itself waits for ever for some of its files.
 */

import { asError, VademecumError } from "../errors.mjs";
import { fetchBody, TIMEOUTS } from "../net/transport.mjs";

/** @typedef {{pyodide: string, python: string[], bytes?: number}} Runtime runtime.json: a folder, archives to unpack, and what all of it takes */
/** @typedef {(bytes: number, totalBytes: number) => void} Progress */

const MAX_FILE = 100_000_000;
/** The shortest module of WebAssembly: its magic number and version. */
const NO_CODE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** @param {Progress} [progress] @param {URL} [base] the published `client/`
 * @returns {Promise<any>} Pyodide's interface, with `vademecum` and `tuf` importable */
export async function bootPython(progress = () => {}, base = new URL("..", import.meta.url)) {
  const own = self.fetch;
  const files = new Files(own.bind(self), progress);
  try {
    requireWasm();
    /** @type {Runtime} */ const runtime = JSON.parse(new TextDecoder().decode(await files.bytes(new URL("runtime.json", base).href)));
    files.total = runtime.bytes ?? 0;
    const indexURL = new URL(runtime.pyodide, base).href;
    self.fetch = (input) => files.answer(String(input));
    // Python starts while its packages are still on their way.
    const packages = runtime.python.map((path) => files.bytes(new URL(path, base).href));
    return await Promise.race([files.failure, start(indexURL, files, packages)]);
  } catch (error) {
    const { code, message, status } = asError(error);
    throw new VademecumError(code, `the Python runtime did not start: ${lastLine(message)}`, { status });
  } finally {
    files.end();
    self.fetch = own;
  }
}

/** @param {string} indexURL @param {Files} files @param {Promise<Uint8Array>[]} packages */
async function start(indexURL, files, packages) {
  const address = (/** @type {string} */ name) => new URL(name, indexURL).href;
  const python = import(address("pyodide.mjs")).then(({ loadPyodide }) => loadPyodide({ indexURL })).catch(async (error) => {
    // An import that fails does not say why: the host is asked.
    for (const name of ["pyodide.mjs", "pyodide.asm.mjs"]) await files.bytes(address(name));
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

/** The files of a boot, as they come: counted, each with the limits of a request, and a failure of one is that of all. */
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

  /** What is imported tells of no bytes: where nothing else comes either, it is given up. */
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

  /** As `fetch` gives it to Pyodide; where it fails, the boot is over, and nobody is left to be told. @param {string} url
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
