import assert from "node:assert/strict";
import { test } from "node:test";

import { withFurther } from "../../../../client/vademecum/js/page/further.mjs";

test("further hits are finished when they are looked at, once, and a copy has them", () => {
  const finished = [];
  const other = { id: "2", heading: "H", url: "k.html#h", markdown: "A *key* turns.", score: 0.5, places: [], why: { words: 2, meaning: null } };
  const [hit] = withFurther([{ id: "1", document: "k", title: "T", metadata: { a: 1 }, more: [other] }], ["key"], ({ id }) => finished.push(id));
  assert.deepEqual(finished, ["1"]);
  const told = { text: "A key turns.", excerpt: "A key turns.", marks: [[2, 5]], link: "k.html#h:~:text=A-,key%20turns", more: [] };
  assert.deepEqual(structuredClone(hit).more, [{ document: "k", title: "T", metadata: { a: 1 }, ...other, ...told }]);
  assert.equal(hit.more, hit.more);
  assert.deepEqual(finished, ["1", "2"]);
  hit.more = [];
  assert.deepEqual(hit.more, []);
});
