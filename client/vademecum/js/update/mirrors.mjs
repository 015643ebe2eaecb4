// @ts-check
/** Whom to ask first of several hosts of one tree: the order of mirrors.py, which writes what is remembered of them. */

import { LONGEST_RETRY_AFTER_MS } from "./schedule.mjs";

/** For so long a mirror that failed is asked after the others; config.py has the same. */
export const FORGIVE_MIRROR_MS = 86_400_000;

/** @typedef {{failed?: string, reason?: string, notBefore?: string}} Mark times are ISO times */

/**
 * The mirrors that may be asked, best first.
 * @param {string[]} names as the app lists them
 * @param {Record<string, Mark>} marks by name
 * @param {number} now milliseconds
 */
export function order(names, marks, now) {
  const waits = (/** @type {string} */ name) => within(Date.parse(marks[name]?.notBefore ?? "") - now, 1, LONGEST_RETRY_AFTER_MS);
  const rank = (/** @type {string} */ name) => {
    const failed = Date.parse(marks[name]?.failed ?? "");
    return within(now - failed, 0, FORGIVE_MIRROR_MS - 1) ? failed : -Infinity;
  };
  return names.filter((name) => !waits(name)).sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/**
 * Of the errors of all mirrors the one that says best what to do: see `telling` in mirrors.py.
 * @template {import("../errors.mjs").VademecumError} E
 * @param {E[]} errors at least one
 */
export function telling(errors) {
  const worth = (/** @type {E} */ error) => (error.transient ? (error.retryAfter ?? 0) : Infinity);
  return errors.reduce((best, error) => (worth(error) < worth(best) ? error : best));
}

/**
 * @param {number} value NaN is nowhere
 * @param {number} least
 * @param {number} most
 */
function within(value, least, most) {
  return value >= least && value <= most;
}
