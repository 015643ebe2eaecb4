import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, test } from "node:test";

import { compare, IDLE_CHECK_AGE_MS, isFresh } from "../../../../client/vademecum/js/update/idle_check.mjs";
import { installedRelease, sealed, serve } from "../files.mjs";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const head = { current: installedRelease(5), previous: null, pinned: null, refused: [], format: 1 };
const sync = { checked: "2026-11-21T11:00:00+00:00", expires: "2026-11-25T00:00:00+00:00", latest: { sequence: 5, version: "v5" }, settled: true, channel: "stable" };

test("what was verified too long ago, in the future, never, or has expired is not fresh", () => {
  assert.ok(isFresh(sync, NOW));
  assert.ok(!isFresh(sync, Date.parse(sync.checked) + IDLE_CHECK_AGE_MS));
  assert.ok(!isFresh(sync, Date.parse(sync.checked) - 1));
  assert.ok(!isFresh({}, NOW));
  assert.ok(!isFresh({ ...sync, expires: "2026-11-21T12:00:00Z" }, NOW));
});

const requests = [];
const url = await serve((request, response) => {
  requests.push(request.url);
  response.end("timestamp");
});

const records = new Map();
const store = { read: async (name) => records.get(name) };
const text = (value) => new TextEncoder().encode(value);
beforeEach(() => {
  requests.length = 0;
  records.set("trust/timestamp.json", text("timestamp")).set("head", sealed(head)).set("sync", sealed(sync));
  records.set("trust/pin", text("first-use"));
});

test("the same timestamp means nothing new, after one request", async () => {
  assert.equal(await compare(store, [url], null, NOW, "stable"), "settled");
  assert.deepEqual(requests, ["/metadata/timestamp.json"]);
});

test("the same timestamp with something left to do is told apart", async () => {
  records.set("sync", sealed({ ...sync, settled: undefined }));
  assert.equal(await compare(store, [url], null, NOW, "stable"), "unchanged");
  records.set("sync", sealed(sync)).delete("head"); // a browser may have lost it
  assert.equal(await compare(store, [url], null, NOW, "stable"), "unchanged");
});

test("what was found of another channel settles nothing", async () => {
  assert.equal(await compare(store, [url], null, NOW, "beta"), "unknown");
});

test("any other byte means that Python must look, and so does a check of long ago", async () => {
  for (const other of ["timestamq", "timestam", "timestamp!"]) {
    records.set("trust/timestamp.json", text(other));
    assert.equal(await compare(store, [url], null, NOW, "stable"), "unknown");
  }
  records.delete("trust/timestamp.json");
  assert.equal(await compare(store, [url], null, NOW, "stable"), "unknown");
  records.set("trust/timestamp.json", text("timestamp"));
  assert.equal(await compare(store, [url], null, NOW + IDLE_CHECK_AGE_MS, "stable"), "unknown");
});

test("a root that the app ships for the first time has to be walked from", async () => {
  assert.equal(await compare(store, [url], "root", NOW, "stable"), "unknown");
  records.set("trust/pin", text(createHash("sha256").update("root").digest("hex")));
  assert.equal(await compare(store, [url], "root", NOW, "stable"), "settled");
});

test("of several mirrors the first is asked, alone", async () => {
  assert.equal(await compare(store, [url, "http://127.0.0.1:1/"], null, NOW, "stable"), "settled");
  assert.equal(requests.length, 1);
});

test("where the first mirror is away, what the next shows counts", async () => {
  assert.equal(await compare(store, ["http://127.0.0.1:1/", url], null, NOW, "stable"), "settled");
});
