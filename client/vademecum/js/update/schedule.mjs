// @ts-check
/** When to ask the host next. */

/** The first wait after a failure; it doubles up to the usual interval. The longest wait that a host may ask for. */
export const FIRST_BACKOFF_MS = 30_000;
export const LONGEST_RETRY_AFTER_MS = 86_400_000;

/** Where there was no room, the same release is tried again so much later; a newer one at once. */
export const FULL_WAIT_MS = 86_400_000;

/** The wait before the next turn, in milliseconds.
 * @param {number} interval @param {number} failures in a row @param {number} asked by the host; 0: nothing
 * @param {number} chance in [0, 1) */
export function nextDelay(interval, failures, asked, chance) {
  const usual = failures ? Math.min(interval, FIRST_BACKOFF_MS * 2 ** (failures - 1)) * (0.5 + chance) : interval;
  return Math.max(usual, Math.min(asked, LONGEST_RETRY_AFTER_MS));
}

/** What the record `retry` says of the next check: how long to wait, and after how many failures in a row; 0: the host
 * asked for it. A time further away than any host may ask for was written before somebody turned the clock; one
 * that is long past is forgotten.
 * @param {{notBefore?: string, failures?: number}} record not verified @param {number} now milliseconds */
export function readRetry({ notBefore = "", failures = 0 }, now) {
  const wait = Date.parse(notBefore) - now;
  if (!(Math.abs(wait) <= LONGEST_RETRY_AFTER_MS)) return { wait: 0, failures: 0 };
  return { wait: Math.max(0, wait), failures: Number.isInteger(failures) && failures > 0 ? failures : 0 };
}

/** What is left of a wait that the host asked for. A rest that is longer than any host may ask for comes from a clock
 * that was turned back.
 * @param {number} until milliseconds; 0: it asked for none @param {number} now milliseconds */
export function restOf(until, now) {
  const rest = until - now;
  return rest > 0 && rest <= LONGEST_RETRY_AFTER_MS ? rest : 0;
}

/** @typedef {import("../vademecum.d.mts").Connection & Partial<EventTarget>} Connection navigator.connection, where there is one */

/** One timer that runs the same thing again and again, each time after the wait that it asks for. */
export class Schedule {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #running = false;
  #stopped = true;

  /** @param {() => Promise<number>} run returns the wait before the next run, in milliseconds; must not reject */
  constructor(run) {
    this.run = run;
  }

  /** @param {number} [delayMs] */
  start(delayMs = 0) {
    this.#stopped = false;
    clearTimeout(this.#timer);
    if (!this.#running) this.#timer = setTimeout(() => this.#turn(), delayMs);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #turn() {
    this.#running = true;
    const delay = await this.run().finally(() => {
      this.#running = false;
    });
    if (!this.#stopped) this.start(delay);
  }
}
