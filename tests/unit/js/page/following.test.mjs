import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { announce, eventually, install, left, online, reading, records, requests, seen, shown, timers, url } from "../page.mjs";

import { sealed } from "../files.mjs";
import { EVENTS, KnowledgeBase } from "../../../../client/vademecum/js/vademecum.mjs";

/** @type {KnowledgeBase} */
let kb;
const told = [];

beforeEach(() => {
  told.length = 0;
  reading.before = async () => {};
  install(1);
  records.set("trust/timestamp.json", new TextEncoder().encode("timestamp"));
  const latest = { sequence: 2, version: "v2" };
  const checked = new Date().toISOString();
  records.set("sync", sealed({ checked, expires: "2099-01-01T00:00:00Z", latest, settled: true, channel: "stable" }));
});
afterEach(() => kb.close());

function open(options = {}) {
  kb = new KnowledgeBase({ url, checkIntervalMs: 20, ...options });
  for (const name of EVENTS) kb.on(name, (detail) => told.push([name, detail]));
  return kb.initialize();
}

const completed = (sequence) => ({ event: "updateCompleted", detail: { sequence, version: `v${sequence}`, plan: "direct", bytes: 9 } });
const searched = async () => (await kb.getLocalVersion())?.sequence ?? null;

test("a flip that nobody announced is found in the next turn, and told once", async () => {
  await open();
  install(2); // by a page that was killed before it could tell
  await eventually(async () => told.length > 0 && (await searched()) === 2);
  assert.deepEqual(told, [["updateCompleted", { sequence: 2, version: "v2", plan: "none", bytes: 0, elsewhere: true }]]);
  announce(completed(2)); // after all
  await kb.checkForUpdates();
  install(1, { pinned: 1 });
  await eventually(async () => told.length > 1);
  assert.deepEqual(told.slice(1), [["rolledBack", { sequence: 1, version: "v1", elsewhere: true }]]);
});

test("who comes back to a page, or to a network, makes it look, but for a page that has just looked", async (context) => {
  requests.length = 0;
  await open({ checkIntervalMs: 3_600_000 });
  for (const [number, back] of [seen, online].entries()) {
    await eventually(() => requests.length === number + 1);
    await kb.getStatus();
    timers.length = 0;
    back();
    assert.deepEqual(timers, []);
    const now = Date.now() + 301_000;
    context.mock.method(Date, "now", () => now);
    back();
  }
  await eventually(() => requests.length === 3);
});

test("a page that one goes back to has ended its workers in time, answers and looks again", async () => {
  requests.length = 0;
  await open({ checkIntervalMs: 3_600_000 });
  await eventually(() => requests.length === 1);
  shown(false);
  left();
  shown(true);
  await eventually(() => requests.length === 2);
  assert.equal(await searched(), 1);
});

test("who asks finds it, too, whatever the mode", async () => {
  await open({ autoUpdate: false, checkIntervalMs: 3_600_000 });
  await kb.setMode("off");
  install(2);
  assert.equal((await kb.checkForUpdates()).available, false);
  assert.deepEqual([await searched(), told.map(([name]) => name)], [2, ["updateCompleted"]]);
  assert.equal((await kb.getStatus()).state, "up-to-date");
  records.delete("mode");
});

test("a generation is more than its number: what is stored otherwise is opened, and is no news", async () => {
  let opened = 0;
  reading.before = async () => void opened++;
  await open();
  assert.equal(opened, 1);
  install(1, { segments: ["b".repeat(64)] }); // merged, by another page
  await eventually(() => opened === 2);
  assert.deepEqual(told, []);
  install(1, { digest: "c".repeat(64) }); // begun anew, with the same number
  await eventually(() => told.length === 1);
});

test("a flip while the page is opening is not missed", async () => {
  let letGo = () => {};
  let begun = false;
  reading.before = () => ((begun = true), new Promise((resolve) => (letGo = resolve)));
  const opening = open({ autoUpdate: false, checkIntervalMs: 3_600_000 });
  await eventually(() => begun);
  announce(completed(2));
  reading.before = async () => install(2); // this page read the pointer before the flip
  letGo();
  assert.equal((await opening).sequence, 1);
  await eventually(() => told.length > 0);
  assert.deepEqual(told, [["updateCompleted", { ...completed(2).detail, elsewhere: true }]]);
});

test("what this page knew when it opened is not told as news", async () => {
  let opened = 0;
  reading.before = async () => void opened++;
  install(2);
  await open({ autoUpdate: false, checkIntervalMs: 3_600_000 });
  announce(completed(2));
  await eventually(() => opened === 2);
  install(3);
  announce(completed(3));
  await eventually(() => told.length > 0);
  assert.deepEqual(told.map(([, { sequence }]) => sequence), [3]);
});

test("of two flips in a row each is told when it is what is searched, or not at all", async () => {
  await open({ autoUpdate: false, checkIntervalMs: 3_600_000 });
  install(3);
  announce(completed(2));
  announce(completed(3));
  await eventually(() => told.length > 0);
  assert.deepEqual(told.map(([, { sequence }]) => sequence), [3]);
});

test("the host was reached when it answered last, this page or another one", async () => {
  await open();
  await kb.checkForUpdates();
  const before = Date.now();
  for (const contacted of ["2001-01-01T00:00:00Z", "2098-01-01T00:00:00Z"]) {
    records.set("sync", sealed({ contacted, expires: "2099-01-01T00:00:00Z" }));
    assert.equal((await kb.getStatus()).contacted === contacted, Date.parse(contacted) > before);
  }
});
