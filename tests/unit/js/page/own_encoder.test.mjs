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
