// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { addTexts, Wording, wordingFor } from "../../../../client/vademecum/js/ui/texts.mjs";
import { ar } from "../../../../client/vademecum/js/ui/texts/ar.mjs";
import { de } from "../../../../client/vademecum/js/ui/texts/de.mjs";
import { en } from "../../../../client/vademecum/js/ui/texts/en.mjs";

const english = new Wording("en", en);

test("sizes are decimal and never show four digits", () => {
  const shown = [0, 1000, 1234, 12_345, 999_499, 999_600, 1_800_000, 13e6, 2.5e9].map((count) => english.bytes(count));
  assert.deepEqual(shown, ["0 bytes", "1.0 kB", "1.2 kB", "12 kB", "999 kB", "1.0 MB", "1.8 MB", "13 MB", "2.5 GB"]);
});

test("ages are whole units, rounded down; a clock that is behind makes nothing older", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");
  const ages = ["2026-11-18T07:00:00Z", "2026-11-20T07:59:00Z", "2026-11-21T06:59:00Z", "2026-11-21T07:58:30Z"];
  assert.deepEqual(ages.map((then) => english.ago(then, now)), ["3 days ago", "yesterday", "1 hour ago", "1 minute ago"]);
  assert.equal(english.ago("2026-11-21T09:00:00Z", now), "now");
});

test("the languages that are shipped say the same things, of the same values", () => {
  const holes = (/** @type {import("../../../../client/vademecum/js/ui/texts.mjs").Text} */ text) =>
    new Set(JSON.stringify(text).match(/\{\w+\}/gu));
  for (const texts of [de, ar]) {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(en).sort());
    for (const [name, text] of Object.entries(texts)) assert.deepEqual(holes(text), holes(en[name]), name);
  }
});

test("of several languages the first that there is is spoken, English where there is none", async () => {
  const spoken = [["fr-CA", "de-AT", "en"], ["en-GB", "de"], ["fr"], []].map(async (tags) => (await wordingFor(...tags)).language);
  assert.deepEqual(await Promise.all(spoken), ["de", "en", "en", "en"]);
});

test("every plural that a language has is said", () => {
  const wording = new Wording("ar", ar);
  const said = [0, 1, 2, 5, 11, 100].map((count) => wording.say("results.said", { count, query: "x" }));
  assert.equal(new Set(said).size, 6);
  assert.ok(!said.join().includes("{"));
});

test("a tag finds its language, an unknown one English; an app brings its own", async () => {
  assert.equal((await wordingFor("de-AT")).say("search"), "Suchen");
  assert.equal((await wordingFor("ar")).direction, "rtl");
  assert.equal((await wordingFor("tlh")).say("search"), "Search");
  addTexts("fr", { search: "Chercher" });
  const french = await wordingFor("fr");
  assert.deepEqual([french.say("search"), french.say("results")], ["Chercher", "Results"]);
  addTexts("de", { placeholder: "Frag uns" });
  const own = await wordingFor("de");
  assert.deepEqual([own.say("placeholder"), own.say("search")], ["Frag uns", "Suchen"]);
});

test("counts are grouped, the number of a release is its name", () => {
  assert.equal(english.say("results.said", { count: 5713, query: "key" }), "5,713 pages for key");
  assert.equal(english.say("release", { sequence: 5713 }), "Release 5713");
});

test("a language has its name, another field's value and what is no tag stand as they are", () => {
  const named = [["lang", "de"], ["lang", "pt-BR"], ["lang", "?"], ["lang", ""], ["version", "de"]].map(([field, value]) => english.named(field, value));
  assert.deepEqual(named, ["German", "Brazilian Portuguese", "?", "", "de"]);
});

test("every error code of the tree has words of its own", () => {
  const tree = readFileSync(new URL("../../../../client/vademecum/errors.py", import.meta.url), "utf8");
  const codes = Array.from(tree.matchAll(/^ {4}code = "(.+)"$/gmu), (found) => found[1]);
  assert.ok(codes.length > 10);
  const general = english.error("no such code");
  for (const code of codes.filter((one) => one !== "error")) {
    assert.notEqual(english.error(code), general, code);
    assert.ok(english.error(code, true).startsWith(english.error(code)));
  }
});

test("with a release installed, an error says that it goes on", () => {
  assert.match(english.error("signature", true), /keeps working/u);
  assert.doesNotMatch(english.error("signature"), /keeps working/u);
});

test("progress is in bytes while some are missing, then it is what is done with them; a stage that is new to this page has a name", () => {
  const told = (/** @type {string} */ stage, /** @type {number} */ bytes, /** @type {number} */ totalBytes) =>
    english.progress({ stage, bytes, totalBytes, percentage: 37 });
  assert.deepEqual(told("downloading", 340_000, 912_345), ["Downloading: 340 kB of 912 kB", 37]);
  assert.deepEqual(told("downloading", 0, 912_345), ["Downloading: 0 bytes of 912 kB", 37]);
  assert.deepEqual(told("starting", 4e6, 11e6), ["Getting the program that checks signatures: 4.0 MB of 11 MB", 37]);
  assert.deepEqual(told("starting", 10.9e6, 11e6), ["Starting the program that checks signatures …", 0]);
  assert.deepEqual(told("starting", 0, 0), ["Getting the program that checks signatures …", 0]);
  assert.deepEqual(told("verifying", 912_345, 912_345), ["Checking signatures and content …", 0]);
  assert.deepEqual(told("constructor", 0, 0), ["Updating …", 0]);
});
