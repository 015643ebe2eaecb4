import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decodeEncoder } from "../../../../client/vademecum/js/search/encoder.mjs";
import { encoderFile, LATIN } from "../files.mjs";

const letters = [...LATIN, [0xdf, "ss"], [0x301, ""], [0x4e2d, "中", 1], [0x1d400, "a"]];
const open = (changes = {}) =>
  decodeEncoder(
    encoderFile({ words: ["run", "key"], rows: [[5, 0], [0, -5]], weights: [200, 200], letters, ...changes }),
  );

test("a text is split by the alphabet of the file", () => {
  assert.deepEqual(open().split("Run the-KEY, groß"), ["run", "the", "key", "gross"]);
});

test("a dropped character does not end a word", () => {
  assert.deepEqual(open().split("ru\u0301n \u0301 key"), ["run", "key"]);
});

test("a solo character is a word by itself", () => {
  assert.deepEqual(open().split("a中中b"), ["a", "中", "中", "b"]);
});

test("code points are read, not UTF-16 units", () => {
  assert.deepEqual(open().split("\u{1d400}b \u{1f600}"), ["ab"]);
});

test("at most 4,096 words are read", () => {
  const words = open().split(`${"run ".repeat(4096)} key`);
  assert.equal(words.length, 4096);
  assert.equal(new Set(words).size, 1);
  assert.equal(open().split("中".repeat(5000)).length, 4096);
  assert.equal(open().split(`${"中".repeat(4095)}a中`).at(-1), "a");
});

const many = ["keyring", "kez", "keya", "keyb", "keyc", "keyd", "keye", "keyf", "keyg", "keyh", "keyi"];
const completing = open({ words: many, rows: many.map((_, i) => [i - 5, 0]), weights: many.map(() => 1) });

test("an unknown word stands for the first 8 of the table that begin with it, each counted as often", () => {
  assert.deepEqual([...completing.count("key key")], [0, 2, 3, 4, 5, 6, 7, 8].map((position) => [position, 2]));
});

test("a known word stands for itself alone", () => {
  assert.deepEqual([...completing.count("keya")], [[2, 1]]);
});

test("fewer than 3 code points complete nothing; the last words of the order are found too", () => {
  assert.equal(completing.count("ke").size, 0);
  assert.deepEqual([...completing.count("kez")], [[1, 1]]);
  assert.equal(completing.count("kezz").size, 0);
  assert.equal(completing.count("zzz").size, 0);
});

test("a query is a sum of rows by root of count and weight, scaled to 127", () => {
  // run: floor(sqrt(65536 * 2)) = 362 times 200 times (5, 0); key: 256 * 200 * (0, -5).
  // m = 362000; 256000 * 127 / 362000 = 89.8..., and floor(-89.8 + 0.5) = -90.
  assert.deepEqual([...open().encode("run run key")], [127, -90]);
});

test("the root of a count is rounded down before it counts", () => {
  // floor(256 * 618 * 127 / (362 * 1000) + 0.5) = 56; with the root of 131072 itself it would be 55.
  const close = open({ rows: [[1, 0], [0, 1]], weights: [1000, 618] });
  assert.deepEqual([...close.encode("run run key")], [127, 56]);
});

test("halves are rounded up, on both sides of zero", () => {
  const half = open({ words: ["w"], rows: [[2, 1, -1]], weights: [1], dimensions: 3 });
  assert.deepEqual([...half.encode("w")], [127, 64, -63]); // 63.5 + 0.5, -63.5 + 0.5
});

test("no known word gives zeros", () => {
  assert.deepEqual([...open().encode("nothing 42")], [0, 0]);
});

const three = (metadata = {}, rows = [[1, -8, 7], [-2, 0, -1]]) => open({ rows, dimensions: 3, metadata });

test("two components are a byte, the first in its lower half", () => {
  assert.deepEqual([...three().rows], [0x09, 0x0f, 0x86, 0x07]);
  assert.deepEqual([...three().encode("run")], [16, -127, 111]);
});

test("bits and dimensions are ones that this app knows, or the file is refused", () => {
  for (const bits of ["2", "8", "04", "", undefined]) assert.throws(() => three({ bits }), { code: "content" });
  for (const dimensions of ["0", "03", "5", "2", "4097", "9999999", "x", "", undefined]) {
    assert.throws(() => three({ dimensions }), { code: "content" }, dimensions);
  }
  assert.throws(() => three({}, [[1], [2]]), { code: "content", message: /word.row/ });
});

const golden = JSON.parse(readFileSync(new URL("../../client/encoder/golden_encoder.json", import.meta.url), "utf8"));

test("every case of the golden encoder is as in Python", () => {
  const encoder = decodeEncoder(new Uint8Array(Buffer.from(golden.encoder, "base64")));
  encoder.checkGolden();
  assert.ok(golden.cases.length >= 40);
  for (const { head, times, text, words, vector } of golden.cases) {
    const whole = head.repeat(times) + text;
    assert.deepEqual([...encoder.encode(whole)], vector, whole.slice(0, 80));
    if (words) assert.deepEqual(encoder.split(whole), words);
  }
});

test("the golden check passes for what the maker computed, and fails for anything else", () => {
  open({ goldens: [["run run key", [127, -90]], ["?", [0, 0]]] }).checkGolden();
  const wrong = open({ goldens: [["run", [127, 0]], ["run run key", [127, -89]]] });
  assert.throws(() => wrong.checkGolden(), { code: "self-test", message: /run run key/ });
});

test("two words that the table has together stand for that, too", () => {
  const encoder = open({ words: ["run", "run key"], letters: LATIN });
  assert.deepEqual([...encoder.encode("run key")], [127, -127]);
  assert.deepEqual([...encoder.encode("key run")], [127, 0]);
});

test("an encoder of another format is refused", () => {
  assert.throws(() => open({ format: "vademecum.encoder.2" }), { code: "newer-format" });
  assert.throws(() => open({ format: "vademecum.segment.1" }), { code: "content" });
});
