// @ts-check
/** Several hosts of one tree are asked in the order in which the app lists them: see transport/mirrors.py. */

/**
 * Of the errors of all mirrors the one that says best what to do: see `telling` in mirrors.py.
 * @template {import("../errors.mjs").VademecumError} E
 * @param {E[]} errors at least one
 */
export function telling(errors) {
  const worth = (/** @type {E} */ error) => (error.transient ? (error.retryAfter ?? 0) : Infinity);
  return errors.reduce((best, error) => (worth(error) < worth(best) ? error : best));
}
