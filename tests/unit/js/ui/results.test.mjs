// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, deepLink } from "../../../../client/vademecum/js/ui/results.mjs";

test("marks cut a text into pieces, and nothing is lost", () => {
  assert.deepEqual(cut("rotate the key", [[0, 6], [11, 14]]), [
    { text: "rotate", marked: true }, { text: " the ", marked: false }, { text: "key", marked: true },
  ]);
  assert.deepEqual(cut("plain", []), [{ text: "plain", marked: false }]);
  assert.deepEqual(cut("", []), []);
});

test("a link marks the words on the page that it leads to", () => {
  const pieces = cut("To be on-time, rotate the key, now or never.", [[6, 13], [15, 21]]);
  assert.equal(deepLink("https://h/p#a", pieces), "https://h/p#a:~:text=on%2Dtime%2C%20rotate%20the%20key");
  assert.equal(deepLink("https://h/p", cut("key.", [[0, 3]])), "https://h/p#:~:text=key");
});

test("where nothing is marked, or no address can say it, the anchor leads as before", () => {
  for (const pieces of [[], cut("plain", []), cut("!?", [[0, 2]]), cut("\ud800 key", [[0, 1]])]) {
    assert.equal(deepLink("https://h/p#a", pieces), "https://h/p#a");
  }
});

test("a phrase ends where the line or the excerpt does", () => {
  assert.equal(deepLink("https://h/p", cut("key …", [[0, 3]])), "https://h/p#:~:text=key");
  assert.equal(deepLink("https://h/p", cut("key\nnext line", [[0, 3]])), "https://h/p#:~:text=key");
});
