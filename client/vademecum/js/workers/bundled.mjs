// @ts-check
/** Where a bundler has laid the files of Python's runtime. A published tree has a `runtime.json` beside them instead;
 * in the npm package `npm_package.py` writes this module. */

/** @typedef {{runtime: import("./boot.mjs").Runtime, lock: string, files: Record<string, string>}} Bundled
 * `files`: path in `client/` -> address; `lock`: the text of Pyodide's lock file */

export const BUNDLED = /** @type {Bundled | null} */ (null);
