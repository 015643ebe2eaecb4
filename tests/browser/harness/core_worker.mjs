// Runs the core's tests in a worker with Python: `run` answers what they came to; their output arrives as events.
import { bootPython } from "/client/boot.mjs";
import { serve } from "/client/calls.mjs";

async function run() {
  const pyodide = await bootPython();
  const archive = await (await fetch("/core.zip")).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", { extractDir: "/core" });
  const say = (line) => self.postMessage({ event: "output", detail: line });
  pyodide.setStdout({ batched: say });
  pyodide.setStderr({ batched: say });
  pyodide.runPython("import sys; sys.path[:0] = ['/core/site', '/core/harness']");
  return pyodide.pyimport("run_core").run("/core/client");
}

serve(self, { run }, { oneByOne: true });
