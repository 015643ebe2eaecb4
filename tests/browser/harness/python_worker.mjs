// A worker with Python, the core's tests and their helpers: `call` runs a function of a module in harness/.
import * as faults from "./store_faults.mjs"; // before anything that uses IndexedDB
import { bootPython } from "./client/workers/boot.mjs";
import { serve } from "./client/workers/serve.mjs";
import { IndexedStore } from "./client/store/store.mjs";
import { fetchBody } from "./client/net/transport.mjs";

// Memory has the published client, of which the core that is tested is more; and Python's own library may be another one.
const TO_CORE = `
import importlib, sys
for name in [name for name in sys.modules if name.partition(".")[0] == "vademecum"]:
    del sys.modules[name]
sys.path[:0] = ["/core/site", "/core/harness", "/core/tests"]
importlib.invalidate_caches()
`;
let pyodide;

async function boot() {
  pyodide = await bootPython();
  const archive = await (await fetch("core.zip")).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", { extractDir: "/core" });
  const say = (line) => self.postMessage({ event: "output", detail: line });
  pyodide.setStdout({ batched: say });
  pyodide.setStderr({ batched: say });
  pyodide.registerJsModule("parts", { faults, fetchBody, IndexedStore });
  pyodide.runPython(TO_CORE);
}

function call({ module, name, args }) {
  return pyodide.pyimport(module)[name](...args);
}

serve(self, { boot, call }, { oneByOne: true });
