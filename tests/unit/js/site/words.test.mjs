// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { age, bytes, errorText, stageName } from "../../../../site/static/words.mjs";

test("sizes are decimal and never show four digits", () => {
  const shown = [0, 999, 1000, 1234, 12_345, 999_499, 999_600, 1_800_000, 13e6, 2.5e9].map(bytes);
  assert.deepEqual(shown, ["0 B", "999 B", "1.0 kB", "1.2 kB", "12 kB", "999 kB", "1.0 MB", "1.8 MB", "13 MB", "2.5 GB"]);
});

test("ages are whole units, rounded down; a clock that is behind makes nothing older", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");
  const ages = ["2026-11-18T07:00:00Z", "2026-11-20T07:59:00Z", "2026-11-21T06:59:00Z", "2026-11-21T07:58:30Z"];
  assert.deepEqual(ages.map((then) => age(then, now)), ["3 days old", "1 day old", "1 hour old", "1 minute old"]);
  assert.equal(age("2026-11-21T09:00:00Z", now), "new");
});

test("every error code of the tree has words of its own", () => {
  const tree = readFileSync(new URL("../../../../client/vademecum/errors.py", import.meta.url), "utf8");
  const codes = Array.from(tree.matchAll(/^ {4}code = "(.+)"$/gmu), (found) => found[1]);
  assert.ok(codes.length > 10);
  const general = errorText("no such code");
  for (const code of codes.filter((one) => !["error", "usage"].includes(one))) {
    assert.notEqual(errorText(code), general, code);
    assert.ok(errorText(code, true).startsWith(errorText(code)));
  }
});

test("with a release installed, an error says that it goes on", () => {
  assert.match(errorText("signature", true), /keeps working/u);
  assert.doesNotMatch(errorText("signature"), /keeps working/u);
});

test("a stage that is new to this page has a name", () => {
  assert.equal(stageName("downloading"), "Downloading");
  assert.equal(stageName("constructor"), "Updating");
});
