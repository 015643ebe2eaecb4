// @ts-check
/** The background: when the host is asked, and whether what it shows is downloaded unasked. */

import { asError } from "../errors.mjs";
import { encodeRecord } from "../store/records.mjs";
import { decide, goodChoices } from "../update/policy.mjs";
import { LONGEST_RETRY_AFTER_MS, nextDelay, readRetry, restOf, Schedule } from "../update/schedule.mjs";
import { report } from "./events.mjs";

/** @typedef {import("../vademecum.d.mts").Policy} Policy */

/** How often a page may look between two turns of the schedule because somebody comes back to it. */
const LOOKS_BETWEEN = 12;

/**
 * @typedef {object} Dependencies
 * @property {import("../store/store.mjs").IndexedStore} store
 * @property {import("../update/updates.mjs").Updates} updates
 * @property {Policy} defaults of the app
 * @property {((connection: import("../vademecum.d.mts").Connection) => boolean) | null} rule of the app, for the connection
 * @property {number} checkIntervalMs
 * @property {(...what: unknown[]) => void} log
 */

export class Background {
  #failures = 0;
  /** Till when the host asked to be left alone, in milliseconds; 0: it did not. */
  #peaceUntil = 0;
  #stopped = false;
  /** Something that calls for another turn happened during this one, which may have judged by what was before. */
  #called = false;
  #schedule = new Schedule(() => this.#turn());
  /** When the last turn began, in milliseconds. */
  #looked = 0;
  /** Somebody who comes back to the page, or to a network, expects what is new; but not every time. */
  #back = () => {
    const fresh = Date.now() - this.#looked < this.deps.checkIntervalMs / LOOKS_BETWEEN;
    if (globalThis.document?.visibilityState !== "hidden" && !fresh) this.#follow(0);
  };
  #online = () => (this.#failures > 0 ? this.#follow(0) : this.#back());
  /** A page that one went back to: its workers were ended, in the middle of an update perhaps. @param {Event} event */
  #shown = (event) => {
    if (/** @type {PageTransitionEvent} */ (event).persisted) this.wake();
  };
  #connected = () => {
    this.deps.updates.reconsider();
    if (this.deps.updates.withheld && this.#permitted()) this.#follow(0);
  };

  /** @type {Partial<Policy>} */ choices = {};

  /** @param {Dependencies} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** @returns {Policy} */
  get policy() {
    return { ...this.deps.defaults, ...this.choices };
  }

  /** What is done unasked about a release; null: before one is seen. @param {import("../update/policy.mjs").Offered | null} offer */
  decide(offer) {
    return decide(this.policy, offer, connection());
  }

  listen() {
    globalThis.addEventListener("online", this.#online);
    globalThis.addEventListener("visibilitychange", this.#back);
    globalThis.addEventListener("pageshow", this.#shown);
    connection().addEventListener?.("change", this.#connected);
  }

  /** Stop listening. */
  deafen() {
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.removeEventListener?.("visibilitychange", this.#back);
    globalThis.removeEventListener?.("pageshow", this.#shown);
    connection().removeEventListener?.("change", this.#connected);
  }

  /** Go on where the page before left off. A page that has nothing yet does not wait out the failures of an earlier visit.
   * @param {Record<string, unknown>} choices the record @param {{notBefore?: string, failures?: number}} retry the record
   * @param {boolean} installed */
  begin(choices, retry, installed) {
    this.choices = goodChoices(choices);
    const { wait, failures } = readRetry(retry, Date.now());
    this.#failures = failures;
    if (wait > 0 && failures === 0) this.#peaceUntil = Date.now() + wait;
    this.#follow(failures > 0 && !installed ? 0 : wait);
  }

  /** @param {Partial<Policy>} choices */
  choose(choices) {
    this.deps.log("choices", choices);
    this.choices = choices;
    this.wake();
  }

  /** Take a turn now. */
  wake = () => this.#follow(0);

  stop() {
    this.#stopped = true;
    this.#schedule.stop();
    this.deafen();
  }

  /** @param {number} delayMs until the next check; a host that asked to be left alone is left alone in any case */
  #follow(delayMs) {
    this.#called = true;
    if (this.policy.mode === "off" || this.#stopped) this.#schedule.stop();
    else this.#schedule.start(Math.max(delayMs, restOf(this.#peaceUntil, Date.now())));
  }

  /** One turn of the schedule; returns the wait before the next. */
  async #turn() {
    const { updates } = this.deps;
    this.#called = false;
    this.#looked = Date.now();
    const failed = await this.#failure(updates.background(() => this.#permitted(), connection().saveData));
    const behind = await this.#failure(updates.catchUp());
    const error = failed ?? behind;
    // A paused update goes on at the usual time: the budget is for each of these turns. Another page that is updating may be
    // closed before it is done: nothing but its lock tells of that.
    if (!error) this.#failures = 0;
    else if (error.code === "busy") navigator.locks.request(this.deps.store.name, this.wake);
    else if (error.code !== "budget") this.#failures++;
    const asked = (error?.retryAfter ?? 0) * 1000; // milliseconds, as the host asked
    const delay = nextDelay(this.deps.checkIntervalMs, this.#failures, asked, Math.random());
    this.#peaceUntil = asked ? Date.now() + Math.min(asked, LONGEST_RETRY_AFTER_MS) : 0;
    // A host in trouble is not asked again at once after a reload, but as soon as it said; where the network was away, it
    // may be back.
    if (asked) await this.#postpone(asked, 0);
    else if (error?.code === "server") await this.#postpone(delay, this.#failures);
    return this.#called ? restOf(this.#peaceUntil, Date.now()) : delay;
  }

  /** @param {Promise<unknown>} work */
  #failure(work) {
    return work.then(() => null, (thrown) => {
      const error = asError(thrown);
      this.deps.log("failed", error.code, error.message);
      return error;
    });
  }

  /** Whether something may be downloaded unasked. */
  #permitted() {
    try {
      return this.decide(null).what === "install" && (this.deps.rule?.(connection()) ?? true);
    } catch (error) {
      report(error);
      return false;
    }
  }

  /** @param {number} delayMs until the next check, also after a reload
   * @param {number} failures in a row, that led to it; 0: the host asked for it */
  async #postpone(delayMs, failures) {
    const notBefore = new Date(Date.now() + Math.min(delayMs, LONGEST_RETRY_AFTER_MS)).toISOString();
    const record = await encodeRecord(failures > 0 ? { notBefore, failures } : { notBefore });
    await this.deps.store.write([["retry", record]]).catch((error) => this.#stopped || report(error));
  }
}

/** @returns {import("../update/schedule.mjs").Connection} */
export function connection() {
  return /** @type {any} */ (globalThis.navigator)?.connection ?? {};
}
