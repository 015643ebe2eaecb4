import assert from "node:assert/strict";
import { test } from "node:test";

import { askWith } from "../../../../client/vademecum/js/page/own_encoder.mjs";

/** A reader that takes vectors of this space, or none. */
function reader(space) {
  const asked = [];
  return { asked, ask: async (command, args) => (asked.push([command, args]), command === "space" ? space : { hits: [], ...(args.own && { encoder: "own" }) }) };
}

test("an answer says whether the app's encoder encoded the question, or the release's table", async () => {
  const space = { meant: "wind", trial: ["a passage"], epoch: "1" };
  const own = reader(space);
  assert.equal((await askWith(async (text) => [text.length], own, { query: "wnd" })).encoder, "own");
  assert.deepEqual(own.asked[1][1].own, { vector: Float64Array.of(4), trial: [Float64Array.of(9)], epoch: "1" });
  assert.equal((await askWith(() => assert.fail("not asked"), reader(null), { query: "wind" })).encoder, "table");
});

test("where nothing is encoded, nothing is said of it", async () => {
  const lexical = reader({ meant: "wind", trial: [], epoch: "1" });
  assert.deepEqual(await askWith(() => assert.fail("not asked"), lexical, { query: "wind", mode: "lexical" }), { hits: [] });
  assert.equal(lexical.asked.length, 1);
});

/** A reader whose release brings a model; `epoch` may change. */
function publishing(files = { onnx: Uint8Array.of(1), tokenizer: Uint8Array.of(2) }) {
  const told = { asked: [], epoch: "1" };
  const ask = async (command, args) => {
    told.asked.push(command);
    if (command === "space") return args.published && { meant: "wind", trial: [], epoch: told.epoch };
    return command === "model" ? files : { hits: [], ...(args.own && { encoder: "own", vector: args.own.vector }) };
  };
  return Object.assign(told, { ask });
}

test("the release's own model is made behind the first hits, once an epoch", async () => {
  const given = [];
  const encoder = { model: async ({ onnx, tokenizer }) => (given.push([...onnx, ...tokenizer]), () => [given.length]) };
  const reader = publishing();
  assert.equal((await askWith(encoder, reader, { query: "wnd" })).encoder, "table");
  assert.deepEqual(reader.asked, ["space", "search", "model"], "hits first");
  await new Promise((done) => setTimeout(done));
  assert.equal((await askWith(encoder, reader, { query: "wnd" })).encoder, "own");
  reader.epoch = "2";
  assert.equal((await askWith(encoder, reader, { query: "wnd" })).encoder, "table");
  await new Promise((done) => setTimeout(done));
  assert.deepEqual((await askWith(encoder, reader, { query: "wnd" })).vector, Float64Array.of(2));
  assert.deepEqual(given, [[1, 2], [1, 2]]);
});

test("a model that does not work here is told once, and tried anew", async () => {
  let tries = 0;
  const encoder = { model: () => (tries++ ? () => [1] : Promise.reject(new Error("no SIMD"))) };
  const reader = publishing();
  const ask = async () => {
    const told = await askWith(encoder, reader, { query: "wind" }).then(({ encoder }) => encoder, ({ message }) => message);
    await new Promise((done) => setTimeout(done));
    return told;
  };
  assert.deepEqual([await ask(), await ask(), await ask(), await ask()], ["table", "no SIMD", "table", "own"]);
});
