import assert from "node:assert/strict";
import { test } from "node:test";

import { Remote } from "../../../../client/vademecum/js/workers/rpc.mjs";
import { PythonWorker } from "../../../../client/vademecum/js/workers/sync_client.mjs";
import { serve } from "../../../../client/vademecum/js/workers/serve.mjs";
import { VademecumError } from "../../../../client/vademecum/js/errors.mjs";

/** Two ends of a wire, as a page and its worker have them; what crosses is cloned. */
function connect(handlers, options, onEvent) {
  const listeners = [];
  const worker = {
    terminated: false,
    postMessage: (message) => queueMicrotask(() => listeners.forEach((hear) => hear({ data: structuredClone(message) }))),
    terminate: () => (worker.terminated = true),
  };
  const port = {
    addEventListener: (_, listener) => listeners.push(listener),
    postMessage: (message) => worker.terminated || worker.onmessage({ data: structuredClone(message) }),
  };
  serve(port, handlers, options);
  return { remote: new Remote(worker, onEvent), worker, port };
}

test("a result comes back to the call that asked for it", async () => {
  const wait = { 1: 20, 2: 1 };
  const { remote } = connect({ after: (n) => new Promise((done) => setTimeout(done, wait[n], n)) });
  assert.deepEqual(await Promise.all([remote.call("after", 1), remote.call("after", 2)]), [1, 2]);
  assert.ok(remote.idle);
});

test("an error keeps its code and what the host said", async () => {
  const { remote } = connect({
    ours: () => {
      throw new VademecumError("server", "m", { status: 503, retryAfter: 9 });
    },
    bug: () => null.x,
  });
  await assert.rejects(remote.call("ours"), { name: "VademecumError", code: "server", message: "m", status: 503, retryAfter: 9 });
  await assert.rejects(remote.call("bug"), { name: "VademecumError", code: "error" });
  await assert.rejects(remote.call("toString"), { code: "usage" });
});

test("one by one: a command begins when the one before has ended, also when that failed", async () => {
  const log = [];
  const handlers = {
    slow: async () => {
      log.push("slow begins");
      await new Promise((done) => setTimeout(done, 10));
      log.push("slow ends");
      throw new Error("no");
    },
    quick: () => log.push("quick"),
  };
  const { remote } = connect(handlers, { oneByOne: true });
  await Promise.allSettled([remote.call("slow"), remote.call("quick")]);
  assert.deepEqual(log, ["slow begins", "slow ends", "quick"]);
});

test("at once: a command that does not wait for the one before", async () => {
  const log = [];
  const handlers = {
    slow: async () => {
      await new Promise((done) => setTimeout(done, 10));
      log.push("slow ends");
    },
    quick: () => log.push("quick"),
    pause: () => void log.push("pause"),
  };
  const { remote } = connect(handlers, { oneByOne: true, atOnce: ["pause"] });
  await Promise.all(["slow", "quick", "pause"].map((command) => remote.call(command)));
  assert.deepEqual(log, ["pause", "slow ends", "quick"]);
});

test("events are told apart from answers", () => {
  const events = [];
  const { port } = connect({}, {}, (name, detail) => events.push([name, detail]));
  port.postMessage({ event: "updateProgress", detail: { bytes: 1 } });
  assert.deepEqual(events, [["updateProgress", { bytes: 1 }]]);
});

test("closing ends the worker; whoever waits, and whoever calls later, is told", async () => {
  const { remote, worker } = connect({ never: () => new Promise(() => {}) });
  const waiting = remote.call("never");
  remote.close();
  await assert.rejects(waiting, { code: "cancelled" });
  await assert.rejects(remote.call("never"), { code: "cancelled" });
  assert.ok(worker.terminated && remote.ended);
});

test("a worker that does not load is the network's failure, one that crashes is not", async () => {
  for (const [message, code] of [[undefined, "network"], ["out of memory", "error"]]) {
    const { remote, worker } = connect({ never: () => new Promise(() => {}) });
    const waiting = remote.call("never");
    worker.onerror({ message });
    await assert.rejects(waiting, { code });
  }
});

test("a worker is ended when its page is left, before the browser does it in the middle of a transaction", async (context) => {
  const page = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = page[name].bind(page);
  context.after(() => ["addEventListener", "removeEventListener"].forEach((name) => delete globalThis[name]));
  const workers = [];
  const start = () => {
    const { worker } = connect({ open: () => {}, check: () => workers.length, sync: () => new Promise(() => {}) });
    workers.push(worker);
    return worker;
  };
  const python = new PythonWorker(start, async () => ({}), () => {});
  assert.equal(await python.call("check"), 1);
  const waits = assert.rejects(python.call("sync"), { code: "cancelled", message: "the page was left" });
  page.dispatchEvent(new Event("pagehide"));
  await waits;
  assert.equal(await python.call("check"), 2, "another one is started for a page that is shown again");
  page.dispatchEvent(new Event("pagehide"));
  assert.equal(await python.call("check"), 3, "also where nothing was under way");
  assert.deepEqual(workers.map(({ terminated }) => terminated), [true, true, false]);
  python.close();
});
