import assert from "node:assert/strict";
import { test } from "node:test";

import { FIRST_BACKOFF_MS, LONGEST_RETRY_AFTER_MS, nextDelay, readRetry, restOf, Schedule } from "../../../../client/vademecum/js/update/schedule.mjs";

const HOUR = 3_600_000;

test("without failures the interval is kept", () => {
  assert.equal(nextDelay(HOUR, 0, 0, 0.9), HOUR);
});

test("failures wait twice as long each time, up to the interval, spread by chance", () => {
  const waits = [1, 2, 3, 20].map((failures) => nextDelay(HOUR, failures, 0, 0.5));
  assert.deepEqual(waits, [FIRST_BACKOFF_MS, 2 * FIRST_BACKOFF_MS, 4 * FIRST_BACKOFF_MS, HOUR]);
  assert.equal(nextDelay(HOUR, 1, 0, 0), FIRST_BACKOFF_MS / 2);
  assert.ok(nextDelay(HOUR, 1, 0, 0.999) > FIRST_BACKOFF_MS * 1.49);
});

test("what the host asked for is kept, within a day", () => {
  const waits = [2 * HOUR, 1e12, 1].map((asked) => nextDelay(HOUR, 1, asked, 0.5));
  assert.deepEqual(waits, [2 * HOUR, LONGEST_RETRY_AFTER_MS, FIRST_BACKOFF_MS]);
});

test("what was written down of a wait counts within a day, on either side", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");
  const at = (ms) => new Date(now + ms).toISOString();
  assert.deepEqual(readRetry({}, now), { wait: 0, failures: 0 });
  assert.deepEqual(readRetry({ notBefore: at(HOUR) }, now), { wait: HOUR, failures: 0 });
  assert.deepEqual(readRetry({ notBefore: at(HOUR), failures: 3 }, now), { wait: HOUR, failures: 3 });
  assert.deepEqual(readRetry({ notBefore: at(-HOUR), failures: 3 }, now), { wait: 0, failures: 3 });
  for (const far of [25 * HOUR, -25 * HOUR]) assert.deepEqual(readRetry({ notBefore: at(far), failures: 3 }, now), { wait: 0, failures: 0 });
  for (const failures of [-1, 0.5, "9", null, {}]) assert.deepEqual(readRetry({ notBefore: at(1), failures }, now), { wait: 1, failures: 0 });
  for (const notBefore of ["soon", 7, null, {}]) assert.deepEqual(readRetry({ notBefore }, now), { wait: 0, failures: 0 });
});

test("what is left of a wait is never more than a host may ask for", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");
  assert.deepEqual([now + HOUR, now, now - HOUR, 0, now + 25 * HOUR].map((until) => restOf(until, now)), [HOUR, 0, 0, 0, 0]);
});

/** A clock that is set forward by hand; what has become due then has run. */
function clock(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  return async (ms) => {
    context.mock.timers.tick(ms);
    for (let i = 0; i < 9; i++) await Promise.resolve();
  };
}

test("a schedule runs again after the wait that its run asks for, and stops", async (context) => {
  const pass = clock(context);
  let runs = 0;
  const schedule = new Schedule(async () => {
    runs++;
    return 100;
  });
  const seen = [];
  for (const [ms, act] of [[1000, "start"], [49], [1], [99], [1, "stop"], [1000]]) {
    await pass(ms);
    seen.push(runs);
    if (act) schedule[act](50);
  }
  assert.deepEqual(seen, [0, 0, 1, 1, 2, 2]);
});

test("a schedule that is stopped or started during a run does as it was told last", async (context) => {
  const pass = clock(context);
  let finish;
  let runs = 0;
  const schedule = new Schedule(() => {
    runs++;
    return new Promise((resolve) => (finish = resolve));
  });
  schedule.start();
  await pass(0);
  schedule.start(); // not a second run beside the first
  await pass(0);
  assert.equal(runs, 1);
  schedule.stop();
  finish(10);
  await pass(0);
  await pass(1000);
  assert.equal(runs, 1);
});
