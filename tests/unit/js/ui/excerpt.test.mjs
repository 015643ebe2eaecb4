// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { excerpt, fold, mark, queryWords } from "../../../../client/vademecum/js/ui/excerpt.mjs";

/** Marked words in brackets. @param {{text: string, marked: boolean}[]} pieces */
function written(pieces) {
  return pieces.map(({ text, marked }) => (marked ? `[${text}]` : text)).join("");
}

/** @param {string} text @param {string} query */
function marking(text, query) {
  return written(mark(text, queryWords(query)));
}

test("words match without case and accents", () => {
  assert.equal(marking("Über CAFÉ und cafe", "café uber"), "[Über] [CAFÉ] und [cafe]");
  assert.equal(fold("Straße"), "strasse");
  assert.equal(marking("cafe\u0301 au lait", "cafe"), "[cafe\u0301] au lait");
});

test("a word that is still being typed matches the words that begin with it", () => {
  assert.equal(marking("Rotate, rotation, root", "rot"), "[Rotate], [rotation], root");
  assert.equal(marking("a carrot", "rot"), "a carrot");
});

test("common words are marked only when there are no others", () => {
  assert.equal(marking("how do I do the key", "how do I use the key"), "how do I do the [key]");
  assert.equal(marking("To be or not", "to be"), "[To] [be] or not");
});

test("ideographs are words of one letter, also beside Latin ones", () => {
  assert.equal(marking("鍵を回す", "鍵"), "[鍵]を回す");
  assert.equal(marking("API鍵", "api"), "[API]鍵");
});

test("an empty query and a query of signs mark nothing", () => {
  for (const query of ["", "  ", "!? <>", "\u0301"]) assert.equal(marking("some text", query), "some text");
});

test("pieces put together are the text, whatever is in it", () => {
  const text = "<b>key</b> & \"key\" 𝕜ey ﬁnd\u0000 key\nkey";
  assert.equal(mark(text, ["key"]).map((piece) => piece.text).join(""), text);
  assert.ok(mark(text, ["key"]).filter((piece) => piece.marked).length >= 4);
});

const filler = "Nothing of interest stands in this sentence at all. ".repeat(12);

test("a short text is shown whole, its white space as single blanks", () => {
  assert.equal(written(excerpt("one\n\n two  three", ["two"])), "one [two] three");
});

test("a long text is cut around the words of the query, at the beginning of a sentence", () => {
  const shown = written(excerpt(`${filler}Then rotate the key. ${filler}`, ["rotate", "key"]));
  assert.match(shown, /^… Then \[rotate\] the \[key\]\. .* …$/u);
  assert.ok(shown.length < 300);
});

test("the stretch with more different words wins over an earlier one, and over one word many times", () => {
  const text = `A key here. ${filler}key key key key key. ${filler}Rotate the old key. ${filler}`;
  assert.match(written(excerpt(text, ["rotate", "key"])), /\[Rotate\] the old \[key\]/u);
});

test("without a match the beginning is shown", () => {
  assert.match(written(excerpt(filler, ["absent"])), /^Nothing of interest .* …$/u);
});

test("an endless word is cut, not shown whole", () => {
  const shown = written(excerpt("x".repeat(5000), ["x"]));
  assert.match(shown, /^x{100,400} …$/u);
});

test("what is shown is marked as in the whole text", () => {
  const wanted = queryWords("rotate key");
  const shown = excerpt(`${filler}Keys rotate. ${filler}`, wanted).filter((piece) => !piece.text.includes("…"));
  assert.deepEqual(shown, mark(shown.map((piece) => piece.text).join(""), wanted));
});
