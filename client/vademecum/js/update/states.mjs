// @ts-check
/** What may happen to an update, and the state that it leads to: update/states.py is the truth, a test compares them. */

/** @typedef {import("../vademecum.d.mts").State} State */
/** @typedef {keyof typeof LEADS_TO} Happening */

/** @satisfies {Record<string, State>} */ export const LEADS_TO = {
  check: "checking",
  current: "up-to-date",
  offer: "update-available",
  download: "downloading",
  verify: "verifying",
  install: "installing",
  complete: "installed",
  fail: "failed",
  "turn-back": "installing",
  forget: "idle",
};

/** @type {Record<string, Happening>} by the stage of `updateProgress` */
export const OF_STAGE = { downloading: "download", verifying: "verify", installing: "install" };
