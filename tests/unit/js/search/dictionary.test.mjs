import assert from "node:assert/strict";
import { test } from "node:test";

import { Dictionary } from "../../../../client/vademecum/js/search/dictionary.mjs";

function read(lists) {
  const dictionary = new Dictionary(lists);
  for (const _ of dictionary.reading);
  return dictionary;
}

test("the words of all segments stand in one list, each once, and are found in each", () => {
  const dictionary = read([["ash", "elm", "oak"], [], ["elder", "elm"], ["elm", "yew"]]);
  assert.deepEqual(dictionary.words, ["ash", "elder", "elm", "oak", "yew"]);
  assert.deepEqual(dictionary.inSegments([2]), [[1], [], [1], [0]]);
  assert.deepEqual(dictionary.inSegments([0, 1, 4]), [[0], [], [0], [1]]);
  assert.deepEqual(dictionary.beginningWith("el"), [1, 3]);
  assert.deepEqual(dictionary.beginningWith("f"), [3, 3]);
  assert.deepEqual(["elm", "el", "zelkova"].map((word) => dictionary.has(word)), [true, false, false]);
  assert.deepEqual(read([["ash", "elm"]]).inSegments([1]), [[1]]);
  assert.deepEqual(read([]).words, []);
});

test("it is read in small steps, and as far as it is not yet when somebody asks", () => {
  const words = Array.from({ length: 2500 }, (_, i) => String(i).padStart(4, "0"));
  const dictionary = new Dictionary([words, words]);
  dictionary.reading.next();
  assert.deepEqual(dictionary.words, [], "not all at once");
  for (const _ of dictionary.reading);
  assert.deepEqual(dictionary.words, words);
  for (const _ of dictionary.reading);
  assert.deepEqual(dictionary.inSegments([7]), [[7], [7]], "nor twice");
});
