import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { announce, connection, eventually, host, install, python, records, requests, timers, url } from "../page.mjs";
import { openRecord } from "../../../../client/vademecum/js/store/records.mjs";
import { KnowledgeBase } from "../../../../client/vademecum/js/vademecum.mjs";
import { installedRelease, sealed } from "../files.mjs";

const offer = { available: true, sequence: 2, version: "v2", plan: "tiers", bytes: 9, installed: 1, cost: 1600, documents: 1, critical: false };
const nothing = { from: 1, to: 1, version: "v1", plan: "none", requests: 1, bytes: 9, seconds: 0, offer: null };

/** @type {string[]} */ let asked;
/** @type {KnowledgeBase} */ let kb;

/** The metadata are those that were verified; something is to be done about what they name. */
function unchanged() {
  records.set("trust/timestamp.json", new TextEncoder().encode(host.body));
  const [checked, expires] = [-1, 1].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
  records.set("sync", sealed({ checked, expires, settled: false, channel: "stable" }));
  records.set("trust/pin", new TextEncoder().encode("first-use a"));
}

beforeEach(() => {
  records.clear();
  requests.length = timers.length = 0;
  asked = [];
  install(1);
  unchanged();
  Object.assign(connection, { saveData: false, effectiveType: "4g", type: undefined });
  Object.assign(python, {
    check: (args) => (asked.push("check"), { ...offer, decision: "notify", reason: null }),
    sync: ({ unasked }, emit) => {
      asked.push(unasked ? "sync unasked" : "sync");
      if (unasked) return { ...nothing, offer: { ...offer, decision: "wait", reason: "insignificant" } };
      install(2);
      emit("updateCompleted", { sequence: 2, version: "v2", plan: "tiers", bytes: 9 });
      return { ...nothing, to: 2, plan: "tiers" };
    },
    skip: ({ sequence }) => void asked.push(`skip ${sequence}`),
  });
});

const open = async (options = {}) => {
  kb = new KnowledgeBase({ url, checkIntervalMs: 20, ...options });
  await kb.initialize();
};

test("a release that waits is looked at by Python once, and waits again at each turn", async () => {
  await open({ policy: { leastDocuments: 3 } });
  await eventually(() => requests.length > 4);
  assert.deepEqual(asked, ["sync unasked"]);
  await eventually(async () => (await kb.getStatus()).state === "update-available");
  const { offer: waiting, policy } = await kb.getStatus();
  assert.deepEqual([waiting?.reason, policy.leastDocuments], ["insignificant", 3]);
  assert.equal((await kb.update()).to, 2);
  assert.deepEqual([asked, kb.policy.mode], [["sync unasked", "sync"], "automatic"]);
  assert.equal((await kb.getStatus()).offer, null);
  await kb.close();
});

test("what it waits for may come: it is then brought by itself", async () => {
  await open({ policy: { leastDocuments: 3 } });
  await eventually(() => asked.length === 1);
  await kb.setPolicy({ leastDocuments: 1 });
  await eventually(() => asked.length > 1);
  assert.equal(asked[1], "sync unasked", "Python decides anew");
  await kb.close();
});

test("a choice in the middle of a turn is not left till the next interval", async () => {
  const { sync } = python;
  /** @type {Promise<void> | undefined} */ let choosing;
  python.sync = (args, emit) => {
    choosing ??= kb.setPolicy({ leastDocuments: 1 });
    return choosing.then(() => sync(args, emit));
  };
  await open({ policy: { leastDocuments: 3 }, checkIntervalMs: 3_600_000 });
  await eventually(() => asked.length > 1);
  assert.deepEqual(asked, ["sync unasked", "sync unasked"], "judged anew, once");
  await kb.close();
});

test("a user's choices persist, rule over the app, and are given back", async () => {
  await open({ policy: { mode: "off", connection: "wifi" } });
  assert.deepEqual([kb.mode, kb.policy.connection], ["off", "wifi"]);
  await kb.setPolicy({ mode: "notify", activation: "next-start" });
  await eventually(() => asked.includes("check"));
  await kb.close();
  await open({ policy: { mode: "off" } });
  assert.deepEqual([kb.mode, kb.policy.activation], ["notify", "next-start"]);
  await kb.setPolicy({ mode: null });
  assert.equal(kb.mode, "off");
  assert.deepEqual((await openRecord(records.get("mode"))).activation, "next-start");
  await kb.setPolicy({ activation: null });
  assert.equal(records.get("mode"), undefined, "nothing is chosen");
  for (const junk of [{ mode: "never" }, { colour: "red" }, { leastDocuments: -1 }]) {
    await assert.rejects(kb.setPolicy(junk), { code: "usage" });
  }
  await kb.close();
});

test("a damaged choice is none", async () => {
  records.set("mode", sealed({ mode: "never", leastDocuments: 2, colour: "red" }));
  await open();
  assert.deepEqual([kb.mode, kb.policy.leastDocuments], ["automatic", 2]);
  await kb.close();
});

test("another channel is looked at anew", async () => {
  await open({ policy: { mode: "off" } });
  await kb.setPolicy({ channel: "beta" });
  assert.equal(records.get("sync"), undefined);
  await kb.close();
});

test("from the next start on: this page goes on with what it has opened, the next one has the new release", async () => {
  await open({ policy: { mode: "off", activation: "next-start" } });
  const told = [];
  kb.on("updateCompleted", (detail) => told.push(detail.sequence));
  await kb.update();
  assert.deepEqual(told, [2]);
  assert.equal((await kb.getLocalVersion())?.sequence, 1);
  assert.equal((await kb.getStatus()).installed?.sequence, 2);
  announce({ event: "updateCompleted", detail: { sequence: 2 } }); // by another page
  await kb.setMode("notify"); // takes turns again, and looks at what other pages did
  await eventually(() => requests.length > 2);
  assert.equal((await kb.getLocalVersion())?.sequence, 1);
  announce({ event: "rolledBack", detail: { sequence: 2 } }); // who goes back does not wait
  await eventually(async () => (await kb.getLocalVersion())?.sequence === 2);
  await kb.close();
  await open({ policy: { mode: "off", activation: "next-start" } });
  assert.equal((await kb.getLocalVersion())?.sequence, 2);
  await kb.close();
});

test("a release that is skipped is offered no longer", async () => {
  await open({ policy: { mode: "notify" } });
  await eventually(async () => (await kb.getStatus()).offer?.sequence === 2);
  await kb.setMode("off");
  await kb.skip(2);
  assert.deepEqual([asked.at(-1), (await kb.getStatus()).offer], ["skip 2", null]);
  await kb.close();
});

test("options that are none are told at once", () => {
  for (const options of [undefined, {}, { url: "" }, { url: [] }, { url: 7 }, { url, policy: { mode: "no" } }, { url, trust: "root.json" }, { url, trust: {} }, { url, trust: 7 }]) {
    assert.throws(() => new KnowledgeBase(options), { code: "usage" }, JSON.stringify(options));
  }
});

test("options of a search have names", async () => {
  await open({ policy: { mode: "off" } });
  await assert.rejects(kb.search("key", 5), { code: "usage", message: /limit: 5/ });
  await assert.rejects(kb.search("key", { filter: { lang: "de" } }), { code: "usage", message: /no option filter, .*filters/ });
  await kb.close();
});
