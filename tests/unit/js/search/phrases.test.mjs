import assert from "node:assert/strict";
import { test } from "node:test";

import { standing } from "../../../../client/vademecum/js/search/phrases.mjs";

/** How many letters are cut into runs while it works. */
function lettersRead(work) {
  const { split } = String.prototype;
  let letters = 0;
  String.prototype.split = function (...given) {
    letters += this.length;
    return split.apply(this, given);
  };
  try {
    work();
  } finally {
    String.prototype.split = split;
  }
  return letters;
}

test("where a phrase stands is found in a sentence of any length, without reading it again at each word", () => {
  const stands = standing(["rotate a key"]);
  const sentence = (words) => `To rotate a key ${"word ".repeat(words)}`;
  assert.equal(stands(sentence(9)), 3);
  assert.equal(stands("To re-rotate a key,  rotate a  key."), 21);
  assert.equal(stands("Rotate keys."), -1);
  const [few, many] = [500, 4000].map((words) => lettersRead(() => stands(sentence(words))));
  assert.ok(few > 0 && many < 16 * few, `${few} and ${many} letters for 8 times the words`);
});
