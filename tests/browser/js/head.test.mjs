import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeHead, decodeRecord, encodeRecord } from "../../../client/vademecum/js/head.mjs";

test("no record is a store with nothing installed", () => {
  assert.deepEqual(decodeHead(undefined), { format: 1, current: null, previous: null, pinned: null, refused: [] });
  assert.deepEqual(decodeRecord(undefined), {});
});

test("fields that are not known are no hindrance, a newer format is", () => {
  assert.equal(decodeHead(encodeRecord({ format: 1, current: { sequence: 3 }, more: 1 })).current.sequence, 3);
  assert.throws(() => decodeHead(encodeRecord({ format: 2, current: null })), { code: "newer-format" });
});
