import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeHead, encodeRecord, openHead, openRecord } from "../../../../client/vademecum/js/store/records.mjs";
import { installedRelease, sealed } from "../files.mjs";

test("no record is a store with nothing installed", async () => {
  assert.deepEqual(decodeHead(undefined), { format: 1, current: null, previous: null, pinned: null, refused: [], reasons: [] });
  assert.deepEqual(await openRecord(undefined), {});
});

test("fields that are not known are no hindrance, a newer format is", () => {
  const head = { format: 1, current: { ...installedRelease(3), more: 1 }, refused: [], more: 1 };
  assert.equal(decodeHead(sealed(head)).current.sequence, 3);
  assert.throws(() => decodeHead(sealed({ format: 2, current: null })), { code: "newer-format" });
});

test("a release that an earlier version installed has no order of places", () => {
  const { places, ...earlier } = installedRelease(3);
  assert.deepEqual([places, decodeHead(sealed({ format: 1, current: earlier, refused: [] })).current.places], [{}, {}]);
});

test("a record that is not what was written is damaged, and so is one without a seal", async () => {
  const head = { current: installedRelease(3), format: 1, pinned: 2, previous: null, refused: [] };
  const bytes = await encodeRecord(head);
  assert.deepEqual(bytes, sealed(head), "as Python seals it");
  assert.deepEqual(await openHead(bytes), decodeHead(bytes));
  assert.deepEqual((await openRecord(bytes)).pinned, 2);
  assert.deepEqual(await openHead(undefined), decodeHead(undefined));
  const flipped = Array.from(bytes, (byte, at) => bytes.with(at, byte ^ (1 << at % 8)));
  for (const bad of [...flipped, new TextEncoder().encode(JSON.stringify(head))]) {
    await assert.rejects(openHead(bad), { code: "content", message: /not what was written/ });
    assert.deepEqual(await openRecord(bad), {});
  }
});

test("a damaged head is refused with our error, and a damaged wish or note is begun anew", async () => {
  const good = { format: 1, current: installedRelease(3), refused: [1] };
  for (const bad of [{ refused: 1 }, { pinned: -1 }, { format: "1" }, { current: 5 }, { current: { ...installedRelease(3), segments: ["a"] } }, { current: { sequence: 3 } }, { current: { ...installedRelease(3), places: { lang: "de" } } }]) {
    assert.throws(() => decodeHead(sealed({ ...good, ...bad })), { name: "VademecumError", code: "content" }, JSON.stringify(bad));
  }
  for (const text of ["", "{", "null", "[]", '"a"']) {
    const bytes = new TextEncoder().encode(text);
    assert.throws(() => decodeHead(bytes), { name: "VademecumError", code: "content" }, text);
    assert.deepEqual(await openRecord(bytes), {}, text);
  }
});
