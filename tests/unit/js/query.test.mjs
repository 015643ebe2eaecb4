import assert from "node:assert/strict";
import { test } from "node:test";

import { IndexedStore } from "../../../client/vademecum/js/store/store.mjs";

const snapshots = [];
IndexedStore.prototype.snapshot = () => new Promise((resolve, reject) => snapshots.push({ resolve, reject }));
let hear;
const answers = [];
globalThis.self = { addEventListener: (_, listener) => (hear = listener), postMessage: (message) => answers.push(message) };
await import("../../../client/vademecum/js/query.mjs");

const settled = () => new Promise((done) => setTimeout(done));
const nothing = { head: undefined, objects: [] };

test("the pointer is read again only when it was read before: the last turn is to the newest", async () => {
  ["open", "reopen", "reopen"].forEach((command, id) => hear({ data: { id, command, args: { url: "http://127.0.0.1/" } } }));
  await settled();
  assert.equal(snapshots.length, 1);
  snapshots[0].resolve(nothing);
  await settled();
  assert.deepEqual([snapshots.length, answers], [2, [{ id: 0, result: null }]]);
  snapshots[1].reject(new Error("no"));
  await settled();
  assert.equal(snapshots.length, 3, "also after one that failed");
  snapshots[2].resolve(nothing);
  await settled();
  assert.deepEqual(answers.map(({ id, error }) => [id, error?.code]), [[0, undefined], [1, "error"], [2, undefined]]);
});
