import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeHead, decodeRecord, encodeRecord } from "../../../../client/vademecum/js/store/records.mjs";
import { installedRelease } from "../files.mjs";

test("no record is a store with nothing installed", () => {
  assert.deepEqual(decodeHead(undefined), { format: 1, current: null, previous: null, pinned: null, refused: [] });
  assert.deepEqual(decodeRecord(undefined), {});
});

test("fields that are not known are no hindrance, a newer format is", () => {
  const head = { format: 1, current: { ...installedRelease(3), more: 1 }, refused: [], more: 1 };
  assert.equal(decodeHead(encodeRecord(head)).current.sequence, 3);
  assert.throws(() => decodeHead(encodeRecord({ format: 2, current: null })), { code: "newer-format" });
});

test("a damaged head is refused with our error, and a damaged wish or note is begun anew", () => {
  const good = { format: 1, current: installedRelease(3), refused: [1] };
  for (const bad of [{ refused: 1 }, { pinned: -1 }, { format: "1" }, { current: 5 }, { current: { ...installedRelease(3), segments: ["a"] } }, { current: { sequence: 3 } }]) {
    assert.throws(() => decodeHead(encodeRecord({ ...good, ...bad })), { name: "VademecumError", code: "content" }, JSON.stringify(bad));
  }
  for (const text of ["", "{", "null", "[]", '"a"']) {
    const bytes = new TextEncoder().encode(text);
    assert.throws(() => decodeHead(bytes), { name: "VademecumError", code: "content" }, text);
    assert.deepEqual(decodeRecord(bytes), {}, text);
  }
});
