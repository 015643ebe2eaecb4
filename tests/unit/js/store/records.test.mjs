import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { decodeHead, decodeRecord, encodeRecord, openHead } from "../../../../client/vademecum/js/store/records.mjs";
import { installedRelease } from "../files.mjs";

test("no record is a store with nothing installed", () => {
  assert.deepEqual(decodeHead(undefined), { format: 1, current: null, previous: null, pinned: null, refused: [], reasons: [] });
  assert.deepEqual(decodeRecord(undefined), {});
});

test("fields that are not known are no hindrance, a newer format is", () => {
  const head = { format: 1, current: { ...installedRelease(3), more: 1 }, refused: [], more: 1 };
  assert.equal(decodeHead(encodeRecord(head)).current.sequence, 3);
  assert.throws(() => decodeHead(encodeRecord({ format: 2, current: null })), { code: "newer-format" });
});

test("a release that an earlier version installed has no order of places", () => {
  const { places, ...earlier } = installedRelease(3);
  assert.deepEqual([places, decodeHead(encodeRecord({ format: 1, current: earlier, refused: [] })).current.places], [{}, {}]);
});

test("a head that is not what was written is refused, and one without a seal is believed", async () => {
  const text = JSON.stringify({ current: installedRelease(3), format: 1, pinned: null, previous: null, refused: [] });
  const digest = createHash("sha256").update(text).digest("hex");
  const sealed = `{"sha256":"${digest}",${text.slice(1)}`;
  const open = (head) => openHead(new TextEncoder().encode(head));
  assert.deepEqual(await open(sealed), await open(text));
  assert.deepEqual(await openHead(undefined), decodeHead(undefined));
  await assert.rejects(open(sealed.replace('"sequence":3', '"sequence":2')), { code: "content", message: /not what was written/ });
});

test("a damaged head is refused with our error, and a damaged wish or note is begun anew", () => {
  const good = { format: 1, current: installedRelease(3), refused: [1] };
  for (const bad of [{ refused: 1 }, { pinned: -1 }, { format: "1" }, { current: 5 }, { current: { ...installedRelease(3), segments: ["a"] } }, { current: { sequence: 3 } }, { current: { ...installedRelease(3), places: { lang: "de" } } }]) {
    assert.throws(() => decodeHead(encodeRecord({ ...good, ...bad })), { name: "VademecumError", code: "content" }, JSON.stringify(bad));
  }
  for (const text of ["", "{", "null", "[]", '"a"']) {
    const bytes = new TextEncoder().encode(text);
    assert.throws(() => decodeHead(bytes), { name: "VademecumError", code: "content" }, text);
    assert.deepEqual(decodeRecord(bytes), {}, text);
  }
});
