import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeTensors, requireFormat } from "../../../../client/vademecum/js/format/tensors.mjs";
import { strings, tensorFile } from "../files.mjs";

const file = tensorFile(
  { wide: BigUint64Array.of(1n, 2n ** 64n - 1n), narrow: [Int8Array.of(-1, 2, 3, -128), [2, 2]], ...strings("s", ["a", "", "ß›"]) },
  { format: "vademecum.segment.1" },
);

test("tensors are views of the file", () => {
  const { tensors } = decodeTensors(file);
  assert.deepEqual([...tensors.get("wide").values], [1n, 2n ** 64n - 1n]);
  assert.equal(tensors.get("narrow").values.buffer, file.buffer);
});

test("a file at an odd place in a buffer reads the same", () => {
  const moved = new Uint8Array(file.length + 3);
  moved.set(file, 3);
  assert.deepEqual([...decodeTensors(moved.subarray(3)).tensor("narrow", "I8", [2, 2]).values], [-1, 2, 3, -128]);
});

test("string columns are decoded one by one and all at once", () => {
  const column = decodeTensors(file).strings("s", 3);
  assert.deepEqual([column.at(0), column.at(1), column.at(2)], ["a", "", "ß›"]);
  assert.deepEqual(column.all(), ["a", "", "ß›"]);
  assert.deepEqual(decodeTensors(tensorFile(strings("s", ["ab", "", "c"]))).strings("s").all(), ["ab", "", "c"]);
});

test("a byte order mark inside a text is part of it", () => {
  assert.deepEqual(decodeTensors(tensorFile(strings("s", ["\ufeffa"]))).strings("s").at(0), "\ufeffa");
});

const content = { name: "VademecumError", code: "content" };

test("another name, type or shape is refused", () => {
  const decoded = decodeTensors(file);
  assert.throws(() => decoded.tensor("none", "U8", [null]), content);
  assert.throws(() => decoded.tensor("narrow", "U8", [2, 2]), content);
  assert.throws(() => decoded.tensor("narrow", "I8", [4]), content);
  assert.throws(() => decoded.strings("s", 4), content);
});

test("offsets that do not span their column, or fall, are refused", () => {
  const bytes = Uint8Array.of(97, 98);
  for (const offsets of [[1, 2], [0, 1], [0, 2, 1, 2], []]) {
    const bad = decodeTensors(tensorFile({ s: bytes, "s.offsets": Uint32Array.from(offsets) }));
    assert.throws(() => bad.strings("s"), content, String(offsets));
  }
});

test("what is not a tensor file is refused", () => {
  assert.throws(() => decodeTensors(new Uint8Array(4)), content);
  assert.throws(() => decodeTensors(new TextEncoder().encode("<!doctype html><p>no")), content);
  assert.throws(() => decodeTensors(file.slice(0, -1)), content);
  const noJson = file.slice();
  noJson[8] = 0;
  assert.throws(() => decodeTensors(noJson), content);
});

test("a newer format is told from another kind of file", () => {
  const decoded = decodeTensors(file);
  requireFormat(decoded, "vademecum.segment.1");
  assert.throws(() => requireFormat(decoded, "vademecum.segment.0"), { code: "newer-format" });
  assert.throws(() => requireFormat(decoded, "vademecum.encoder.1"), content);
});
