// Runs Python inside Pyodide under Node: `node run_in_pyodide.mjs JOB`, where JOB is a JSON file with
// `pyodide` (its folder), `mounts` (path inside -> folder outside), `wheels` and `code`.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

const job = JSON.parse(await readFile(argv[2], "utf8"));
const { loadPyodide } = await import(pathToFileURL(join(job.pyodide, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: job.pyodide + "/" });
for (const [inside, outside] of Object.entries(job.mounts)) pyodide.mountNodeFS(inside, outside);
for (const wheel of job.wheels) pyodide.unpackArchive(new Uint8Array(await readFile(wheel)).buffer, "wheel");
pyodide.runPython(job.code);
