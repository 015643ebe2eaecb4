import assert from "node:assert/strict";
import { test } from "node:test";

import { VademecumError } from "../../../client/vademecum/js/errors.mjs";
import { storageError, storeName } from "../../../client/vademecum/js/store.mjs";

test("what the browser throws becomes an error that says what to do", () => {
  const code = (name) => storageError(new DOMException("m", name), "s").code;
  assert.equal(code("QuotaExceededError"), "quota");
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
