// Words that mean nearly the same: what was found of one is kept.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Neighbours } from "../../../../client/vademecum/js/search/neighbours.mjs";
import { Passes } from "../../../../client/vademecum/js/search/passes.mjs";

test("what was found is kept, of each word its own", () => {
  const words = ["a", "b", "c"];
  const encoder = { words, positions: new Map(words.map((word, at) => [word, at])), dimensions: 2, row: () => Int8Array.of(1, 0) };
  const found = new Neighbours(/** @type {any} */ (encoder), new Passes());
  assert.deepEqual(found.of("b"), [["a", 1], ["c", 1]]);
  assert.equal(found.of("b"), found.of("b"));
  assert.deepEqual(found.of("c"), [["a", 1], ["b", 1]]);
  assert.deepEqual(found.of("d"), []);
});
