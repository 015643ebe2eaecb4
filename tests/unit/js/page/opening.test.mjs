import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { eventually, install, python, reading, url } from "../page.mjs";

import { KnowledgeBase, VademecumError } from "../../../../client/vademecum/js/vademecum.mjs";

/** @type {KnowledgeBase} */
let kb;
afterEach(() => kb.close());

/** Open release 2, which the reader cannot use; what is asked of Python then. */
async function open(code) {
  const asked = [];
  install(2);
  reading.before = () => Promise.reject(new VademecumError(code, "found this"));
  python.refuse = ({ reason }) => {
    asked.push(reason);
    install(1);
    reading.before = async () => {};
  };
  python.sync = ({ damaged }) => (asked.push({ damaged }), { plan: "none" });
  kb = new KnowledgeBase({ url });
  const version = await kb.initialize();
  await eventually(() => asked.some((entry) => typeof entry === "object"));
  return { opened: version?.sequence ?? null, asked };
}

test("a release that does not work when the page opens is undone", async () => {
  const { opened, asked } = await open("self-test");
  assert.deepEqual([opened, ...asked], [1, "found this", { damaged: false }]);
});

test("one that cannot be read is mended", async () => {
  const { opened, asked } = await open("content");
  assert.deepEqual([opened, asked[0]], [null, { damaged: true }]);
});

test("a page of http is told what it lacks before Python is downloaded", async (t) => {
  Object.defineProperty(globalThis, "isSecureContext", { value: false, configurable: true });
  t.after(() => delete globalThis.isSecureContext);
  reading.before = async () => {};
  python.sync = () => assert.fail("Python was asked");
  kb = new KnowledgeBase({ url });
  await kb.initialize();
  await assert.rejects(kb.update(), { code: "usage", message: /https/ });
});

test("a root of trust that is to be brought is needed to verify, and not to read", async () => {
  const asked = [];
  python.sync = () => (asked.push("sync"), { plan: "none" });
  install(3);
  let root = () => Promise.reject(new VademecumError("network", "away"));
  kb = new KnowledgeBase({ url, trust: () => root(), autoUpdate: false });
  assert.equal((await kb.initialize()).sequence, 3);
  await assert.rejects(kb.update(), { code: "network" });
  root = async () => undefined; // none, where there is one, is no first contact
  await assert.rejects(kb.update(), { code: "usage" });
  assert.deepEqual(asked, []);
  root = async () => '{"signed": {}}';
  await kb.update();
  assert.deepEqual(asked, ["sync"]);
});
