import assert from "node:assert/strict";
import { test } from "node:test";

import { sha256 } from "../../../client/vademecum/js/format/sha256.mjs";
import { ReadStore } from "../../../client/vademecum/js/store/reading.mjs";

import { encoderFile, installedRelease, LATIN, sealed, segmentFile } from "./files.mjs";

const snapshots = [];
ReadStore.prototype.snapshot = () => new Promise((resolve, reject) => snapshots.push({ resolve, reject }));
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

test("what is not what its name says is damaged, whatever else opening it says, and is not answered from", async () => {
  const encoder = encoderFile({ words: ["key"], rows: [[1, 0]], weights: [1], letters: LATIN });
  const files = [encoder, segmentFile({ documents: [{ key: "k", chunks: [1n] }], chunks: [{ id: 1n, text: "key" }] })];
  const [name, segment] = await Promise.all(files.map(sha256));
  const head = sealed({ format: 1, refused: [], current: { ...installedRelease(1), encoder: name, segments: [segment], epoch: "e" } });
  const open = async (objects) => {
    const id = answers.length;
    hear({ data: { id, command: "reopen", args: {} } });
    await settled();
    snapshots.at(-1).resolve({ head, objects });
    for (let i = 0; answers.length === id && i < 100; i++) await settled();
    hear({ data: { id: id + 1, command: "search", args: { query: "key", limit: 1 } } });
    for (let i = 0; answers.length === id + 1 && i < 100; i++) await settled();
    return answers.slice(-2);
  };
  const spoiled = encoder.map((byte, at) => (at === 20 ? byte ^ 1 : byte)); // not a tensor file any more, either
  const [refused, unanswered] = await open([spoiled, files[1]]);
  assert.deepEqual([refused.error.code, /is damaged/.test(refused.error.message)], ["content", true]);
  assert.equal(unanswered.error.code, "empty");
  const [opened, answered] = await open(files);
  assert.equal(opened.result?.sequence, 1);
  assert.deepEqual(answered.result.hits.map(({ id }) => id), ["0000000000000001"]);
  const [, still] = await open([files[0], files[1].map((byte, at) => (at === files[1].length - 1 ? byte ^ 1 : byte))]);
  assert.deepEqual(still.result, answered.result, "the one before goes on");
});
