import assert from "node:assert/strict";
import { test } from "node:test";

import { VademecumError } from "../../../../client/vademecum/js/errors.mjs";
import { Pause } from "../../../../client/vademecum/js/workers/pause.mjs";
import { Updates } from "../../../../client/vademecum/js/update/updates.mjs";
import { installedRelease, sealed, serve } from "../files.mjs";

const check = { available: true, sequence: 2, version: "v2", plan: "tiers", bytes: 9, installed: 1, reason: null };
const outcome = { from: 1, to: 2, version: "v2", plan: "tiers", requests: 3, bytes: 9, seconds: 0 };
const mending = { force: false, damaged: true };
const completed = { sequence: 2, version: "v2", plan: "tiers", bytes: 9 };

const host = await serve((_, response) => response.end("news"));

/**
 * An `Updates` with a host that always has news, and with a log of what was done and told, in order.
 * `python` maps a command to what it does; `reopen` fails where it throws.
 */
function scene({ python = {}, reopen = () => null, follow = () => {} } = {}) {
  const log = [];
  const commands = {
    check: () => check,
    sync: (updates) => {
      updates.onEngineEvent("updateStarted", { sequence: 2 });
      updates.onEngineEvent("updateProgress", { stage: "verifying" });
      updates.onEngineEvent("updateCompleted", completed);
      return outcome;
    },
    rollback: (updates) => updates.onEngineEvent("rolledBack", { sequence: 1 }),
    refuse: (updates) => updates.onEngineEvent("rolledBack", { sequence: 1 }),
    ...python,
  };
  const updates = new Updates({
    urls: [host],
    trust: async () => null,
    store: { read: async () => undefined },
    python: async (command, args) => {
      if (command !== "pause") log.push(args ? [command, said(args)] : command);
      return commands[command](updates, args);
    },
    reopen: async () => {
      log.push("reopen");
      return reopen();
    },
    follow: async () => follow(),
    decide: () => ({ what: "install", reason: "" }),
    later: () => false,
    channel: () => "stable",
    emit: (name, detail) => log.push({ [name]: detail }),
    announce: (name) => log.push(`announce ${name}`),
  });
  updates.damaged = true;
  return { updates, log };
}

/** What a command is told, without the number of the update. */
const said = ({ turn, seedless, unasked, ...args }) => (seedless ? { ...args, seedless } : args);
const fails = (code) => () => {
  throw new VademecumError(code, "found this");
};
const yes = () => true;
const no = () => false;
const names = (log) => log.map((entry) => (typeof entry === "string" || Array.isArray(entry) ? entry : Object.keys(entry)[0]));

test("an update is told of only when the reader has turned to it", async () => {
  const { updates, log } = scene();
  assert.deepEqual(await updates.update(), outcome);
  const expected = [["sync", mending], "updateStarted", "updateProgress", "reopen", "announce updateCompleted", "updateCompleted"];
  assert.deepEqual(names(log), expected);
  assert.deepEqual(log.at(-1).updateCompleted, completed);
  assert.equal(updates.state, "installed");
  assert.equal(updates.damaged, false);
});

test("states follow the engine", async () => {
  const seen = [];
  const { updates } = scene({
    reopen: () => ({ sequence: 1 }),
    python: {
      sync: (self) => {
        seen.push(self.state);
        self.onEngineEvent("updateStarted", {});
        seen.push(self.state);
        for (const stage of ["downloading", "verifying", "installing"]) {
          self.onEngineEvent("updateProgress", { stage });
          seen.push(self.state);
        }
        return { ...outcome, plan: "none" };
      },
    },
  });
  await updates.update();
  assert.deepEqual([...seen, updates.state], ["checking", "downloading", "downloading", "verifying", "installing", "up-to-date"]);
});

const mended = { sync: (self) => (self.onEngineEvent("corruption", { repaired: 1 }), { ...outcome, plan: "none" }) };

test("what the reader could not open is mended, and opened again", async () => {
  const { updates, log } = scene({ python: mended, reopen: () => ({ sequence: 1 }) });
  assert.equal((await updates.update()).plan, "none");
  assert.deepEqual(names(log), [["sync", mending], "reopen", "corruption"]);
  assert.equal(updates.damaged, false);
  assert.equal(updates.state, "up-to-date");
});

test("what the doctor mends is told when the reader has turned to it", async () => {
  const doctor = (self) => (self.onEngineEvent("corruption", { repaired: 1 }), { sound: true });
  const { updates, log } = scene({ python: { doctor }, reopen: () => ({ sequence: 1 }) });
  assert.deepEqual(await updates.doctor(true), { sound: true });
  assert.deepEqual(names(log), [["doctor", { repair: true }], "reopen", "corruption"]);
  assert.equal(updates.damaged, false);
});

test("what the doctor could not mend is not opened", async () => {
  const { updates, log } = scene({ python: { doctor: () => ({ sound: false }) } });
  await updates.doctor(true);
  assert.deepEqual([names(log), updates.damaged], [[["doctor", { repair: true }]], true]);
});

test("what is mended beside an update, while the reader has a release, is told at once", async () => {
  const { updates, log } = scene({ python: mended });
  updates.damaged = false;
  await updates.update();
  assert.deepEqual(names(log), [["sync", { force: false, damaged: false }], "corruption"]);
});

test("where mending does not help, everything is fetched", async () => {
  const cannotOpen = [() => null, fails("content"), fails("self-test")];
  for (const cannot of cannotOpen) {
    let opens = cannot;
    const sync = (self, { force }) => {
      if (!force) return { ...outcome, plan: "none" };
      opens = () => ({ sequence: 2 });
      self.onEngineEvent("updateCompleted", completed);
      return outcome;
    };
    const { updates, log } = scene({ python: { sync }, reopen: () => opens() });
    assert.equal((await updates.update()).plan, "tiers");
    const whole = ["sync", { force: true, damaged: false }];
    assert.deepEqual(names(log), [["sync", mending], "reopen", whole, "reopen", "announce updateCompleted", "updateCompleted"]);
    assert.equal(updates.damaged, false);
  }
});

/** Nothing helps: what is installed cannot be opened, and a whole download ends like this. */
function hopeless(whole) {
  const wholes = [];
  const sync = (_, { force }) => (force ? whole(wholes.push(force)) : { ...outcome, plan: "none" });
  return { wholes, ...scene({ python: { sync }, reopen: fails("content") }) };
}

test("in the background everything is fetched once, till something else is installed or a user asks", async () => {
  const { updates, wholes } = hopeless(fails("content"));
  for (let turn = 0; turn < 3; turn++) await assert.rejects(updates.background(yes), { code: "content" });
  assert.equal(wholes.length, 1);
  await assert.rejects(updates.update(), { code: "content" });
  assert.equal(wholes.length, 2, "who asks is not refused");
  updates.deps.store = { read: async () => sealed({ format: 1, current: installedRelease(2), refused: [] }) };
  for (let turn = 0; turn < 3; turn++) await assert.rejects(updates.background(yes), { code: "content" });
  assert.equal(wholes.length, 3);
});

test("a whole download that was cut off is tried again", async () => {
  const { updates, wholes } = hopeless(fails("network"));
  for (let turn = 0; turn < 2; turn++) await assert.rejects(updates.background(yes), { code: "network" });
  assert.equal(wholes.length, 2);
});

test("nothing is fetched whole unasked over a connection that is not permitted", async () => {
  const { updates, wholes } = hopeless(fails("content"));
  let asked = 0;
  await assert.rejects(updates.background(() => asked++ === 0), { code: "budget" }); // it was permitted to begin
  assert.deepEqual([wholes.length, updates.withheld], [0, true]);
  await assert.rejects(updates.update(), { code: "content" });
  assert.equal(wholes.length, 1);
});

test("a store that fails is no reason to fetch everything", async () => {
  const { updates, log } = scene({ python: mended, reopen: fails("storage") });
  await assert.rejects(updates.update(), { code: "storage" });
  assert.deepEqual(names(log), [["sync", mending], "reopen", "corruption", "updateFailed"]);
  assert.equal(updates.damaged, true);
});

test("a release that is damaged here is not undone, but mended next", async () => {
  const sync = (self) => (self.onEngineEvent("updateCompleted", completed), outcome);
  const { updates } = scene({ python: { sync, refuse: fails("content") }, reopen: fails("self-test") });
  updates.damaged = false;
  await assert.rejects(updates.forceUpdate(), { code: "content" });
  assert.equal(updates.damaged, true);
});

test("nothing to install is no event", async () => {
  const { updates, log } = scene({ python: { sync: () => ({ ...outcome, plan: "none" }) } });
  updates.damaged = false;
  await updates.forceUpdate();
  assert.deepEqual(names(log), [["sync", { force: true, damaged: false }]]);
});

test("a release that the reader cannot use is refused, the old one opened, the failure told", async () => {
  let broken = true;
  const reopen = () => {
    if (broken) fails("self-test")();
  };
  const refuse = (self) => {
    broken = false;
    self.onEngineEvent("rolledBack", {});
  };
  const { updates, log } = scene({ python: { refuse }, reopen });
  await assert.rejects(updates.update(), { code: "self-test", message: /found this/ });
  const expected = [["sync", mending], "updateStarted", "updateProgress", "reopen", ["refuse", { reason: "found this" }], "reopen", "updateFailed"];
  assert.deepEqual(names(log), expected);
  assert.equal(log.at(-1).updateFailed.code, "self-test");
  assert.equal(updates.state, "failed");
  assert.equal(updates.error.code, "self-test");
});

test("a first release that does not work leaves nothing, and the failure is told", async () => {
  const { updates, log } = scene({ python: { refuse: fails("empty") }, reopen: fails("self-test") });
  await assert.rejects(updates.update(), { code: "self-test" });
  assert.equal(names(log).at(-1), "updateFailed");
});

test("a failure is told once, as the engine's error says it, and whether trying again may help", async () => {
  for (const [code, willRetry] of [["network", true], ["signature", false]]) {
    const sync = (self) => {
      self.onEngineEvent("updateFailed", { code });
      fails(code)();
    };
    const { updates, log } = scene({ python: { sync } });
    await assert.rejects(updates.update(), { code });
    assert.deepEqual(log.slice(1), [{ updateFailed: { code, message: "found this", willRetry } }]);
    assert.equal(updates.state, "failed");
  }
});

test("a host that failed while a seed was installed is told, and was not reached", async () => {
  const failure = { code: "network", message: "no answer", willRetry: true };
  const sync = (self) => {
    self.onEngineEvent("updateCompleted", completed);
    self.onEngineEvent("updateFailed", failure);
    return outcome;
  };
  const { updates, log } = scene({ python: { sync } });
  assert.deepEqual(await updates.update(), outcome);
  assert.deepEqual(names(log).slice(-2), ["updateCompleted", "updateFailed"]);
  assert.deepEqual(log.at(-1).updateFailed, failure);
  assert.deepEqual([updates.state, updates.error.code, updates.contacted], ["installed", "network", 0]);
  updates.damaged = true; // so that nobody is asked before Python
  await updates.check();
  assert.equal(updates.error, null);
  assert.ok(updates.contacted > 0);
  assert.equal(names(log).filter((name) => name === "updateFailed").length, 1);
});

test("another page at work, or a page that closes, is no failure", async () => {
  for (const code of ["busy", "cancelled"]) {
    const { updates, log } = scene({ python: { sync: fails(code) } });
    await assert.rejects(updates.update(), { code });
    assert.deepEqual(names(log), [["sync", mending]]);
    assert.equal(updates.state, "idle");
    assert.equal(updates.error, null);
  }
});

test("updates that are asked for at one time are one; the next is another", async () => {
  const { updates, log } = scene();
  const [first, second] = [updates.update(), updates.update()];
  assert.equal(await first, await second);
  await updates.update();
  const syncs = log.filter((entry) => Array.isArray(entry));
  assert.deepEqual(syncs, [["sync", mending], ["sync", { force: false, damaged: false }]]);
});

test("commands wait for one another, also after a failure", async () => {
  const { updates, log } = scene({ python: { check: fails("network") } });
  const failing = assert.rejects(updates.check());
  await updates.forceUpdate();
  await failing;
  assert.equal(log[0], "check");
  assert.deepEqual(log.at(-1), { updateCompleted: completed });
});

test("who looks and finds nothing, or fails, follows what another page installed; that changes no state", async () => {
  let followed = 0;
  let self = null;
  const follow = () => {
    followed++;
    self.state = "installed";
  };
  const { updates } = scene({ python: { check: () => ({ ...check, available: false }), sync: () => ({ ...outcome, plan: "none" }) }, follow });
  self = updates;
  updates.damaged = false;
  await updates.check();
  assert.deepEqual([followed, updates.state, updates.offer], [1, "up-to-date", null]);
  await updates.update();
  assert.deepEqual([followed, updates.state], [2, "up-to-date"]);
  updates.state = "failed";
  await updates.catchUp();
  assert.deepEqual([followed, updates.state], [3, "failed"]);
});

test("what another page installed and cannot be read here is mended next, and told", async () => {
  const { updates, log } = scene({ follow: fails("content") });
  updates.damaged = false;
  await assert.rejects(updates.catchUp(), { code: "content" });
  assert.deepEqual([updates.damaged, names(log)], [true, ["updateFailed"]]);
  await updates.catchUp(); // nothing more till then
});

test("a check keeps its offer until it is installed", async () => {
  const { updates } = scene();
  assert.deepEqual(await updates.check(), check);
  assert.deepEqual([updates.state, updates.offer], ["update-available", check]);
  await updates.update();
  assert.equal(updates.offer, null);
});

test("in the background only what may be installed is", async () => {
  const { updates, log } = scene();
  await updates.background(no);
  assert.deepEqual(log, ["check"]);
  await updates.background(yes);
  assert.deepEqual(log.filter(Array.isArray), [["sync", mending]]);
});

/** A connection over which a background update begins, and a download that ends as soon as it is told to pause. */
function metered() {
  const connection = { permitted: true, pauses: [], turns: [] };
  const { updates, log } = scene({
    python: {
      sync: (self, { turn }) =>
        new Promise((resolve, reject) => {
          connection.turns.push(turn);
          connection.end = () => reject(new VademecumError("budget", "paused"));
          connection.finish = () => resolve({ ...outcome, plan: "none" });
          connection.start = () => self.onEngineEvent("updateStarted", {});
          connection.progress = () => self.onEngineEvent("updateProgress", { stage: "downloading" });
        }),
      pause: (_, { turn }) => void connection.pauses.push(turn),
    },
    reopen: () => ({ sequence: 2 }),
  });
  return { connection, updates, log, permission: () => connection.permitted };
}

const soon = () => new Promise((done) => setTimeout(done));

test("an update in the background pauses when it is not permitted any more, and is told so once", async () => {
  const { connection, updates, permission } = metered();
  const paused = assert.rejects(updates.background(permission), { code: "budget" });
  await soon();
  connection.progress();
  assert.deepEqual([connection.pauses, updates.withheld], [[], false]);
  connection.permitted = false;
  connection.progress();
  connection.progress();
  assert.deepEqual([connection.pauses, updates.withheld], [connection.turns, true]);
  connection.end();
  await paused;
  connection.permitted = true;
  const going = updates.background(permission);
  await soon();
  connection.finish();
  await going;
  assert.equal(updates.withheld, false);
});

test("what a user asks for is not paused, also where the background began it", async () => {
  const { connection, updates, permission } = metered();
  const background = updates.background(permission);
  await soon();
  const asked = updates.update();
  connection.permitted = false;
  connection.progress();
  connection.finish();
  assert.equal((await asked).plan, "none");
  await background;
  assert.deepEqual(connection.pauses, []);
});

test("who asks for an update that is about to pause gets another", async () => {
  const { connection, updates, log, permission } = metered();
  const paused = assert.rejects(updates.background(permission), { code: "budget" });
  await soon();
  connection.permitted = false;
  connection.progress();
  const asked = updates.update();
  connection.end();
  await paused;
  await soon();
  connection.progress();
  connection.finish();
  assert.equal((await asked).plan, "none");
  assert.equal(log.filter((entry) => entry[0] === "sync").length, 2);
  assert.deepEqual([connection.pauses, connection.turns], [[1], [1, 2]]);
});

test("a pause comes with the start, and with a change of the connection, and before the update has its turn", async () => {
  const { connection, updates, permission } = metered();
  for (const hear of [() => connection.start(), () => updates.reconsider()]) {
    connection.permitted = true;
    const paused = assert.rejects(updates.background(permission), { code: "budget" });
    await soon();
    connection.permitted = false;
    hear();
    assert.deepEqual([connection.pauses, updates.withheld], [connection.turns, true]);
    connection.end();
    await paused;
  }
  connection.permitted = true;
  let forced = null;
  updates.damaged = false;
  Object.defineProperty(updates.deps, "urls", { get: () => ((forced ??= updates.forceUpdate()), [host]) }); // while it looks
  const waiting = assert.rejects(updates.background(permission), { code: "budget" });
  while (connection.turns.length < 3) await soon();
  connection.permitted = false;
  connection.progress(); // of the forced one
  assert.deepEqual([connection.turns, connection.pauses], [[1, 2, 0], [1, 2, 3]]);
  connection.finish();
  await forced;
  await soon();
  assert.equal(connection.turns.at(-1), 3);
  connection.end();
  await waiting;
});

test("what comes after an update in the background is not paused for it", async () => {
  const { connection, updates, permission } = metered();
  const background = updates.background(permission);
  await soon();
  connection.finish();
  await background;
  const forced = updates.forceUpdate();
  await soon();
  connection.permitted = false;
  connection.progress();
  updates.reconsider();
  connection.finish();
  await forced;
  assert.deepEqual([connection.pauses, updates.withheld], [[], false]);
});

test("the worker keeps a pause for the update that it is meant for", () => {
  const pause = new Pause();
  pause.begin();
  assert.ok(pause.permitted);
  pause.begin(1);
  assert.ok(pause.permitted);
  pause.tell(2); // it has not begun yet
  assert.ok(pause.permitted);
  pause.begin();
  assert.ok(pause.permitted);
  pause.begin(2);
  assert.ok(!pause.permitted);
  pause.begin(3);
  assert.ok(pause.permitted);
  pause.tell(3);
  assert.ok(!pause.permitted);
});

test("the way back is told when the reader has gone it", async () => {
  const { updates, log } = scene();
  await updates.rollback();
  assert.deepEqual(names(log), ["rollback", "reopen", "announce rolledBack", "rolledBack"]);
  assert.equal(updates.state, "installed");
});

test("so is a pin that goes back; one that stays is no event", async () => {
  let back = true;
  const pin = (self) => back && self.onEngineEvent("rolledBack", { sequence: 1 });
  const { updates, log } = scene({ python: { pin } });
  await updates.pin(1);
  assert.deepEqual(names(log), [["pin", { sequence: 1 }], "reopen", "announce rolledBack", "rolledBack"]);
  log.length = 0;
  back = false;
  updates.state = "up-to-date";
  await updates.pin(null);
  assert.deepEqual([names(log), updates.state], [[["pin", { sequence: null }]], "up-to-date"]);
});

test("no way back is the caller's answer, not a failed update", async () => {
  const { updates, log } = scene({ python: { rollback: fails("empty") } });
  await assert.rejects(updates.rollback(), { code: "empty" });
  assert.deepEqual([names(log), updates.state, updates.error], [["rollback"], "idle", null]);
});

test("an offer that waits holds up no news", async () => {
  const { updates, log } = scene();
  Object.assign(updates, { damaged: false, offer: check });
  updates.deps.decide = () => ({ what: "wait", reason: "insignificant" });
  await updates.background(yes);
  assert.deepEqual(log[0], ["sync", { force: false, damaged: false }]);
});

test("a seed that fails otherwise ends the turn", async () => {
  const { updates, log } = scene({ python: { plant: fails("storage") } });
  updates.deps.seed = host;
  await assert.rejects(updates.background(yes), { code: "storage" });
  assert.deepEqual(names(log), ["plant", "updateFailed"]);
});

test("a seed that finds no room is told once, and the host is asked all the same", async () => {
  const { updates, log } = scene({ python: { plant: fails("quota") } });
  updates.deps.seed = host;
  updates.damaged = false;
  assert.deepEqual(await updates.background(yes), outcome);
  assert.deepEqual(names(log).slice(0, 3), ["plant", "updateFailed", ["sync", { force: false, damaged: false, seedless: true }]]);
  assert.equal(updates.error, null);
  log.length = 0;
  await updates.background(yes);
  assert.deepEqual(log.filter((entry) => typeof entry === "string" || Array.isArray(entry))[0], ["sync", { force: false, damaged: false, seedless: true }]);
  log.length = 0;
  await updates.update();
  assert.deepEqual(log[0], ["sync", { force: false, damaged: false }], "who asks is not refused");
});

test("where there is no room, the same release is not tried in a loop; a newer one is", async () => {
  const sync = () => Promise.reject(new VademecumError("quota", "full", { needed: 9, available: 1 }));
  const { updates, log } = scene({ python: { sync } });
  const latest = sealed({ latest: { sequence: 2, version: "v2" } });
  updates.deps.store = { read: async () => latest };
  await assert.rejects(updates.background(yes), { code: "quota", needed: 9, available: 1 });
  assert.deepEqual(log.at(-1).updateFailed, { code: "quota", message: "full", willRetry: false, needed: 9, available: 1 });
  log.length = 0;
  for (let turn = 0; turn < 3; turn++) assert.equal(await updates.background(yes), null);
  assert.deepEqual(log, ["check", "check", "check"]);
  await assert.rejects(updates.update(), { code: "quota" }, "who asks is not refused");
  log.length = 0;
  check.sequence = 3;
  await assert.rejects(updates.background(yes), { code: "quota" });
  check.sequence = 2;
  assert.deepEqual(names(log), ["check", ["sync", mending], "updateFailed"]);
});
