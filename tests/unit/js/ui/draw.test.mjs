// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { documentOf } from "../../../../client/vademecum/js/ui/draw.mjs";

/** @param {string} link @param {string} key */
const keys = (link, key) => documentOf(link, key)?.keys;

test("a link leads to pages beside the document that it stands in", () => {
  assert.deepEqual(documentOf("keys.md#rotate", "guide/install.md"), {
    keys: ["guide/keys.md", "guide/keys.md.md", "guide/keys.md.html", "guide/keys.md/index.html"],
    anchor: "rotate",
  });
  assert.deepEqual(keys("../guide/", "a/b.md"), ["guide/index.html", "guide/index.md", "guide.md"]);
  assert.equal(documentOf("https://a.example/b.md", "a.md"), null);
});

test("in one of several sources it leads to pages of that one first", () => {
  assert.equal(keys("keys.md", "handbook:install.md")?.[0], "handbook:keys.md");
  assert.equal(keys("../keys.md", "handbook:guide/install.md")?.[0], "handbook:keys.md");
  assert.ok(keys("keys.md", "a:b.md")?.includes("keys.md"), "a name with a colon is no source");
});
