// Runs the checks of tests/contract/store_contract.py over BrowserStore, in a worker with Python.
import { bootPython } from "/client/workers/boot.mjs";
import { serve } from "/client/workers/serve.mjs";
import { IndexedStore } from "/client/store/store.mjs";

let python;

async function boot({ sources }) {
  const pyodide = await bootPython();
  for (const [name, text] of Object.entries(sources)) pyodide.FS.writeFile(name, text);
  python = pyodide.pyimport("run_check");
}

function check({ name }) {
  return python.run_check(name, () => new IndexedStore(`check:${name}`));
}

serve(self, { boot, check }, { oneByOne: true });
