// @ts-check
/** Starts Python in this worker, from the files that are published in `client/`. */

import { asError, VademecumError } from "../errors.mjs";

/** @typedef {{pyodide: string, python: string[]}} Runtime runtime.json: a folder, and archives to unpack */

/** @param {URL} [base] the published `client/`
 * @returns {Promise<any>} Pyodide's interface, with `vademecum` and `tuf` importable */
export async function bootPython(base = new URL("..", import.meta.url)) {
  try {
    /** @type {Runtime} */ const runtime = await (await load(new URL("runtime.json", base))).json();
    const indexURL = new URL(runtime.pyodide, base).href;
    // Python starts while its packages are still on their way.
    const [pyodide, ...archives] = await Promise.all([
      import(new URL("pyodide.mjs", indexURL).href).then(({ loadPyodide }) => loadPyodide({ indexURL })),
      ...runtime.python.map((path) => loadBytes(new URL(path, base))),
    ]);
    const extractDir = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
    for (const archive of archives) pyodide.unpackArchive(archive, "zip", { extractDir });
    return pyodide;
  } catch (error) {
    const { message } = asError(error);
    const code = error instanceof TypeError ? "network" : asError(error).code; // what fetch and import throw
    throw new VademecumError(code, `the Python runtime did not start: ${lastLine(message)}`);
  }
}

/** What a Python error says, without its traceback. @param {string} message */
export function lastLine(message) {
  return message.trimEnd().split("\n").at(-1) ?? "";
}

/** @param {URL} url */
async function load(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new VademecumError("server", `${url}: the host answered ${response.status}`, { status: response.status });
  }
  return response;
}

/** @param {URL} url */
async function loadBytes(url) {
  return new Uint8Array(await (await load(url)).arrayBuffer());
}
