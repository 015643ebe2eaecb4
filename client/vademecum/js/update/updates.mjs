// @ts-check
/**
 * Updates, as the page sees them: what apps call, and what the background does by itself, one after another. What the
 * host shows is never judged here.
 */

import { asError } from "../errors.mjs";
import { openRecord } from "../store/records.mjs";
import { compare } from "./idle_check.mjs";
import { Installing } from "./install.mjs";
import { FULL_WAIT_MS } from "./schedule.mjs";
import { isNewSeed } from "./seed.mjs";

/** @typedef {import("../errors.mjs").VademecumError} VademecumError */
/** @typedef {import("../vademecum.d.mts").Check} Check */
/** @typedef {import("../vademecum.d.mts").Outcome} Outcome */

export class Updates extends Installing {
  /** @type {{sequence: number, until: number} | null} there was no room for this release */
  #full = null;
  /** @type {Promise<Outcome> | null} */ #updating = null;
  /** The number of the last update; a pause is for the one of its number. */
  #turn = 0;
  /** @type {Promise<unknown> | null} the end of an update that was told to pause */
  #pausing = null;

  /** @override each time that more comes, look whether it may go on @param {string} name @param {any} detail */
  onEngineEvent(name, detail) {
    super.onEngineEvent(name, detail);
    if (name === "updateStarted" || name === "updateProgress") this.reconsider();
  }

  // What apps call ------------------------------------------------------------------------------

  /** Ask the host for news; one small request when there is none. @returns {Promise<Check | null>} null: nothing new */
  check() {
    return this.take("check", async () => {
      const answer = await this.#compare();
      const known = answer === "unchanged" ? this.judged : null;
      /** @type {Check | null} */
      const check = answer === "settled" ? null : (known ?? (await this.deps.python("check")));
      this.offer = check?.available ? check : null;
      await this.follow();
      return this.settle(this.offer ? "offer" : "current", check);
    });
  }

  /** Install what is published, without asking first whether that is new. Calls at one time are one update. */
  update() {
    if (!this.#pausing) this.permission = null;
    return this.#pausing ? this.#pausing.then(() => this.#update()) : this.#update();
  }

  /** @returns {Promise<Outcome>} */
  forceUpdate() {
    return this.take("check", () => this.sync(true, 0));
  }

  rollback() {
    const back = async () => {
      await this.deps.python("rollback");
      await this.adopt("rolledBack");
    };
    return this.take("turn-back", back, () => {});
  }

  /** @param {number | null} sequence */
  pin(sequence) {
    const stay = async () => {
      await this.deps.python("pin", { sequence });
      if (this.held.has("rolledBack")) await this.adopt("rolledBack");
    };
    return this.take(null, stay, () => {});
  }

  /** @param {number | null} sequence */
  skip(sequence) {
    const pass = async () => {
      await this.deps.python("skip", { sequence });
      if (this.offer?.sequence === sequence) this.offer = null;
    };
    return this.take(null, pass, () => {});
  }

  /** The last offer, as it is judged now. @returns {Check | null} */
  get judged() {
    if (!this.offer) return null;
    const { what, reason } = this.deps.decide(this.offer);
    return { ...this.offer, decision: what, reason: /** @type {Check["reason"]} */ (reason || null) };
  }

  // What the page does by itself ----------------------------------------------------------------

  /** One turn in the background. Automatic: installs what is new while `permission` says so, and is asked as it comes.
   * @param {() => boolean} permission @param {boolean} [saves] the user saves data: on a first visit, not even the
   * program that verifies is fetched before it is asked for */
  async background(permission, saves = false) {
    await this.#plant();
    this.withheld = !permission();
    if (this.withheld && saves && !(await this.deps.store.read("head"))) {
      const waits = await this.take("check", async () => {
        await this.#compare(); // whether the host is there
        return this.settle("offer", null);
      });
      this.deps.emit("preview", null); // who waits for one is told that it has to be asked for
      return waits;
    }
    if (this.withheld) return this.check();
    if (this.#full && Date.now() < this.#full.until && !(await this.#isNewer(this.#full.sequence))) return null;
    const quiet = await this.take("check", async () => {
      const answer = await this.#compare();
      if (answer === "settled") return this.settle("current", true);
      const waits = answer === "unchanged" && this.judged?.decision;
      return waits && waits !== "install" && this.settle("offer", true);
    });
    if (quiet) return quiet;
    if (!this.#updating) this.permission = permission;
    return this.#update().catch((error) => this.#waitForRoom(asError(error)));
  }

  /** The connection may have become one over which nothing is downloaded unasked; what has come, stays. */
  reconsider() {
    if (this.#pausing || !this.#updating || !this.permission || this.permission()) return;
    this.withheld = true;
    const told = () => undefined; // the update's own promise tells what became of it
    this.#pausing = this.#updating.then(told, told);
    this.deps.python("pause", { turn: this.#turn }).catch(told);
  }

  /** Catch up with the other pages: one that was killed after it had installed a release has told nobody. */
  catchUp() {
    return this.take(null, () => this.follow());
  }

  /** @returns {Promise<import("./idle_check.mjs").Answer>} */
  async #compare() {
    const { store, urls, trust, channel } = this.deps;
    return this.damaged ? "unknown" : compare(store, urls, await trust(), Date.now(), channel());
  }

  #update() {
    if (this.#updating) return this.#updating;
    const turn = ++this.#turn;
    this.#updating = this.take("check", () => this.#bring(turn)).finally(() => {
      this.#updating = null;
      this.#pausing = null;
      this.permission = null;
    });
    return this.#updating;
  }

  /** @param {number} turn @returns {Promise<Outcome>} */
  async #bring(turn) {
    const { preview } = this.deps;
    if (this.damaged) return this.repair(turn);
    await preview?.show();
    try {
      const outcome = await this.sync(false, turn);
      if (!outcome.to) { // what is published is not for this reader: who waits for it is told
        await preview?.failed("empty");
        this.deps.emit("preview", null);
      }
      return outcome;
    } catch (error) {
      if (await preview?.failed(asError(error).code)) this.deps.emit("preview", null);
      throw error;
    }
  }

  // Where there is no room ----------------------------------------------------------------------

  /**
   * Install the app's seed, each one once: it needs neither a network nor the permission to use it. If it finds no room,
   * that is reported, and it is left alone for a day: what the host has may be smaller.
   */
  async #plant() {
    const { store, seed, python } = this.deps;
    if (Date.now() < this.seedless || !(await isNewSeed(store, seed))) return;
    const before = this.state;
    await this.take("check", async () => {
      await python("plant");
      if (this.held.has("updateCompleted")) await this.adopt("updateCompleted");
      else this.state = before;
    }).catch((error) => {
      if (asError(error).code !== "quota") throw error;
      this.seedless = Date.now() + FULL_WAIT_MS;
    });
  }

  /** Do not try the same release again and again. @param {VademecumError} error @returns {Promise<never>} */
  async #waitForRoom(error) {
    if (error.code === "quota") {
      const { latest } = await openRecord(await this.deps.store.read("sync"));
      this.#full = { sequence: latest?.sequence ?? 0, until: Date.now() + FULL_WAIT_MS };
    }
    throw error;
  }

  /** @param {number} sequence */
  async #isNewer(sequence) {
    const check = await this.check();
    return check !== null && check.available && check.sequence > sequence;
  }
}
