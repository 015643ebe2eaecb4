// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { Nearby } from "../../../../client/vademecum/js/ui/nearby.mjs";

/** @param {string} published @param {string[]} served @returns {Promise<string>} Where its hit leads on localhost. */
async function shown(published, served) {
  const here = new URL("http://localhost:8000/");
  globalThis.location = /** @type {Location} */ (/** @type {unknown} */ (here));
  globalThis.fetch = async (asked) => new Response(null, { status: served.includes(new URL(`${asked}`).pathname) ? 200 : 404 });
  const nearby = new Nearby();
  await nearby.look([published]);
  return nearby.of(`${published}?a#b`);
}

test("a hit leads to the page on this machine, also where a project's site is served alone", async () => {
  const page = "https://acme.example/club/keys/";
  assert.equal(await shown(page, ["/club/keys/", "/keys/"]), "http://localhost:8000/club/keys/?a#b");
  assert.equal(await shown(page, ["/keys/"]), "http://localhost:8000/keys/?a#b");
  assert.equal(await shown(page, ["/"]), `${page}?a#b`);
});

test("a front page is everywhere, and says nothing", async () => {
  for (const page of ["https://acme.example/", "https://acme.example/club/", "https://acme.example/club"]) {
    assert.equal(await shown(page, ["/"]), `${page}?a#b`);
  }
});
