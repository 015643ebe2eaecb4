import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, install, python, records, saveData, url } from "../page.mjs";

import { KnowledgeBase, VademecumError } from "../../../../client/vademecum/js/vademecum.mjs";

test("an update pauses when the connection changes, not only when something has come", async () => {
  const syncs = [];
  const pauses = [];
  python.sync = (args) => new Promise((resolve, reject) => syncs.push({ ...args, end: () => reject(new VademecumError("budget", "paused")) }));
  python.pause = ({ turn }) => void pauses.push(turn);
  python.check = () => ({ available: true, sequence: 1 });
  const kb = new KnowledgeBase({ url });
  await kb.initialize();
  await eventually(() => syncs.length === 1);
  saveData(true);
  await eventually(() => pauses.length === 1);
  assert.deepEqual(pauses, [syncs[0].turn]);
  syncs[0].end();
  await eventually(async () => (await kb.getStatus()).state === "failed");
  saveData(false);
  await eventually(() => syncs.length === 2);
  await kb.close();
});

test("a release's own model comes behind the first release, and not at all where data are saved", async () => {
  for (const saves of [false, true]) {
    saveData(saves);
    records.clear();
    const syncs = [];
    python.sync = ({ lean }, emit) => {
      syncs.push(lean);
      if (records.has("head")) return { to: null };
      install(1);
      emit("updateCompleted", { sequence: 1 });
      return { to: 1 };
    };
    const kb = new KnowledgeBase({ url, autoUpdate: false, encoder: { model: () => assert.fail("nobody asks") } });
    await kb.initialize();
    assert.equal((await kb.update()).to, 1);
    await kb.update();
    assert.deepEqual(syncs, saves ? [true, true] : [true, false, false], "what was asked for meanwhile waits behind it");
    await kb.close();
  }
  saveData(false);
});
