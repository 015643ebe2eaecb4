import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { sealed } from "../files.mjs";
import { announce, eventually, host, install, online, python, records, requests, saveData, timers, url, waiting } from "../page.mjs";

import { openRecord } from "../../../../client/vademecum/js/store/records.mjs";
import { IndexedStore } from "../../../../client/vademecum/js/store/store.mjs";
import { KnowledgeBase, VademecumError } from "../../../../client/vademecum/js/vademecum.mjs";

const HOUR = 3_600_000;
/** @type {KnowledgeBase} */
let kb;

beforeEach(() => {
  records.clear();
  requests.length = 0;
  saveData(true); // a check is one request, and no Python
});
afterEach(() => kb.close());

/** A page whose first check has failed, with what the host answers. */
async function failed(headers) {
  Object.assign(host, { status: 503, headers });
  kb = new KnowledgeBase({ url });
  let failures = 0;
  kb.on("updateFailed", () => failures++);
  await kb.initialize();
  await eventually(() => failures === 1 && records.has("retry"));
  await new Promise((done) => setImmediate(done)); // what is written last is there: the next turn is set
  timers.length = 0;
}

test("a host that asked to be left alone is, whatever the page hears", async () => {
  await failed({ "Retry-After": "3600" });
  for (const hear of [online, () => saveData(false), () => announce({ choices: { mode: "automatic" } })]) {
    timers.length = 0;
    hear();
    await eventually(() => timers.length > 0);
    assert.ok(timers.at(-1) > HOUR - 60_000 && timers.at(-1) <= HOUR, `the rest of the hour, not ${timers.at(-1)}`);
  }
  await kb.setMode("manual");
  assert.ok(timers.at(-1) > HOUR - 60_000);
  assert.equal(requests.length, 1);
});

test("it is left alone by the next page, too", async () => {
  records.set("retry", sealed({ notBefore: new Date(Date.now() + HOUR).toISOString() }));
  kb = new KnowledgeBase({ url });
  await kb.initialize();
  await kb.setMode("manual");
  assert.ok(timers.at(-1) > HOUR - 60_000);
  assert.equal(requests.length, 0);
});

/** A page before this one has failed nine times, and its next check is due in an hour. */
function failedBefore() {
  records.set("retry", sealed({ notBefore: new Date(Date.now() + HOUR).toISOString(), failures: 9 }));
  Object.assign(host, { status: 500, headers: {} });
  kb = new KnowledgeBase({ url });
  return kb.initialize();
}

/** So many failures in a row are written down: the turn is over, and writes nothing into the next test. */
const noted = (failures) => eventually(async () => (await openRecord(records.get("retry"))).failures === failures);

test("failures of the host are counted across reloads", async () => {
  install(1);
  await failedBefore();
  assert.equal(requests.length, 0);
  online(); // nobody waits for the next check here
  await noted(10);
});

test("who has nothing yet is not kept waiting by what failed before a reload", async () => {
  await failedBefore();
  await eventually(() => requests.length > 0);
  await noted(10);
});

test("a back-off of our own ends when the network is back", async () => {
  await failed({});
  online();
  await eventually(() => requests.length === 2);
  await noted(2);
});

test("a page that installs may be closed in the middle: who waited for it looks again as soon as the browser lets its lock go", async () => {
  saveData(false);
  Object.assign(host, { status: 200, headers: {} });
  let tried = 0;
  python.sync = () => {
    if (++tried > 1) return { plan: "none" };
    throw new VademecumError("busy", "another page is at it");
  };
  kb = new KnowledgeBase({ url });
  await kb.initialize();
  await eventually(() => waiting.length > 0);
  assert.equal(tried, 1);
  assert.equal(waiting[0].name, `vademecum:${url}`);
  waiting.shift().granted();
  await eventually(() => tried === 2);
  assert.equal(waiting.length, 0);
});

test("a host that asked for less than our back-off is left alone for that long", async () => {
  await failed({ "Retry-After": "20" });
  online();
  assert.ok(timers.at(-1) > 0 && timers.at(-1) <= 20_000);
  const { notBefore } = await openRecord(records.get("retry"));
  assert.ok(Date.parse(notBefore) <= Date.now() + 20_000, `also by the next page: ${notBefore}`);
});

test("a host that asks for no wait is not asked again at once by each page", async () => {
  await failed({ "Retry-After": "0" });
  const { notBefore, failures } = await openRecord(records.get("retry"));
  assert.ok(Date.parse(notBefore) > Date.now() + 10_000 && failures === 1);
});

function held() {
  const parts = {};
  const promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return { promise, ...parts };
}

test("a page that was closed in the middle of a turn tells nobody that it can write no more", async (t) => {
  const reported = [];
  t.mock.method(globalThis, "reportError", (error) => reported.push(error));
  const [writing, closed] = [held(), held()];
  t.mock.method(IndexedStore.prototype, "write", () => {
    writing.resolve();
    return closed.promise;
  });
  Object.assign(host, { status: 503, headers: {} });
  kb = new KnowledgeBase({ url });
  await kb.initialize();
  await writing.promise;
  await kb.close();
  closed.reject(new Error("closed"));
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(reported, []);
});
