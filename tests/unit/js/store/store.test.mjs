import assert from "node:assert/strict";
import { test } from "node:test";

import { VademecumError } from "../../../../client/vademecum/js/errors.mjs";
import { storageError } from "../../../../client/vademecum/js/store/database.mjs";
import { storeName } from "../../../../client/vademecum/js/store/reading.mjs";
import { IndexedStore } from "../../../../client/vademecum/js/store/store.mjs";

test("what the browser throws becomes an error that says what to do", () => {
  const code = (name) => storageError(new DOMException("m", name), "s").code;
  assert.equal(code("QuotaExceededError"), "quota");
  const full = (/** @type {string} */ why) => storageError(new DOMException(why, "QuotaExceededError"), "x").message;
  assert.deepEqual([full(""), full("why")], ["", " (why)"].map((why) => `x: the browser's storage is full; free some space${why}`));
  assert.equal(code("VersionError"), "newer-format");
  assert.equal(code("UnknownError"), "storage");
  assert.match(storageError(new TypeError("why"), "s").message, /s: TypeError: why/);
});

test("an error of ours stays what it is", () => {
  const ours = new VademecumError("content", "m");
  assert.equal(storageError(ours, "s"), ours);
});

test("database, lock and channel have the name that the format page gives", () => {
  assert.equal(storeName("https://example.org/kb/"), "vademecum:https://example.org/kb/");
});

/** IndexedDB while another page does not let go: the requests wait. */
function heldUp(t) {
  const requests = [];
  globalThis.indexedDB = { open: (...args) => requests[requests.push({ args }) - 1] };
  t.after(() => delete globalThis.indexedDB);
  return requests;
}

test("an opening that does not come is busy at each use, and is asked for once", async (t) => {
  const requests = heldUp(t);
  const store = new IndexedStore("u", { patience: 10 });
  await assert.rejects(store.read("head"), { code: "busy", transient: true });
  await assert.rejects(store.objects(), { code: "busy" });
  assert.deepEqual(requests.map(({ args }) => args), [["vademecum:u", undefined]]);
});

test("closing does not wait for an opening, which is closed when it comes", async (t) => {
  const [requests, closed] = [heldUp(t), []];
  const store = new IndexedStore("u");
  const used = assert.rejects(store.read("head"), { code: "storage", message: /closed/ });
  await Promise.resolve();
  await store.close();
  const transaction = () => {
    if (closed.length) throw new DOMException("closing", "InvalidStateError");
    return { objectStore: () => ({ indexNames: { contains: () => true } }) };
  };
  const objectStoreNames = { contains: () => true };
  requests[0].result = { version: 1, objectStoreNames, transaction, close: () => closed.push("database") };
  requests[0].onsuccess();
  await used;
  assert.deepEqual(closed, ["database"]);
});

test("an opening that failed is tried again", async (t) => {
  const requests = heldUp(t);
  const store = new IndexedStore("u");
  for (const number of [0, 1]) {
    const used = assert.rejects(store.read("head"), { code: "storage", message: /UnknownError/ });
    await Promise.resolve();
    requests[number].error = new DOMException("why", "UnknownError");
    requests[number].onerror();
    await used;
  }
});
