// @ts-check
/** Numbers, times and errors as people say them. Pure. */

const UNITS = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]];
const TIMES = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** @param {number} count */
export function bytes(count) {
  for (const [unit, size] of UNITS) {
    const value = count / Number(size);
    if (value >= 0.9995) return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
  }
  return `${count} B`;
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en");
}

/**
 * @param {string | number | Date} then
 * @param {number} now milliseconds
 */
export function age(then, now) {
  const seconds = Math.max(0, (now - new Date(then).getTime()) / 1000);
  for (const [unit, size] of TIMES) {
    const count = Math.floor(seconds / Number(size));
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"} old`;
  }
  return "new";
}

const STAGES = new Map([
  ["downloading", "Downloading"],
  ["verifying", "Checking what came"],
  ["installing", "Putting it in place"],
]);

/** @param {string} stage */
export function stageName(stage) {
  return STAGES.get(stage) ?? "Updating";
}

/** What went wrong, and whether the reader has to do anything. */
const ERRORS = new Map(Object.entries({
  network: "The host could not be reached.",
  server: "The host answered with an error.",
  content: "A file arrived damaged and was not used.",
  "newer-format": "The new release needs a newer version of this page. Reload to get it.",
  trust: "The new release could not be trusted and was not installed.",
  signature: "The new release is not signed by its publisher and was not installed.",
  restarted: "The publisher has begun anew, below the release that is installed here. Ask the publisher.",
  equivocation: "The publisher's keys have signed two different things under one number. The first was kept. Ask the publisher.",
  rollback: "The host offers an older release than the one that was seen before. It was not installed.",
  clock: "The clock of this device is wrong, so nobody can say whether this is recent. Set it, then try again.",
  expired: "The publisher has not confirmed this release for a while. Nothing new is installed until that happens.",
  storage: "This browser’s storage could not be used.",
  "not-a-store": "The stored knowledge base cannot be read.",
  quota: "There is not enough space on this device for the new release. Free some, then try again.",
  budget: "The update is paused: enough was downloaded for now. It goes on later.",
  busy: "Another tab is updating right now.",
  "self-test": "The new release did not work on this device and was undone.",
  cancelled: "The update was stopped.",
  empty: "Nothing is installed yet.",
}));

/**
 * @param {string} code
 * @param {boolean} [installed] something is installed, and goes on
 */
export function errorText(code, installed = false) {
  const text = ERRORS.get(code) ?? "The update did not work.";
  return installed && code !== "empty" ? `${text} The release that you have keeps working.` : text;
}

/** @param {string} iso */
export function moment(iso) {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
