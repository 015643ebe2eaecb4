// Starts Python as the sync worker does, with the core imported, and gives its memory away.
import { bootPython } from "./client/workers/boot.mjs";

const pyodide = await bootPython();
pyodide.pyimport("vademecum.browser");
self.postMessage(pyodide.makeMemorySnapshot());
