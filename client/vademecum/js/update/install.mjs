// @ts-check
/**
 * Installing, as the page sees it. Python decides and writes; the reader turns to the new generation and tests it; only
 * then is the app told.
 */

import { asError, VademecumError } from "../errors.mjs";
import { LastResort, unopened, unusable } from "./repair.mjs";
import { OF_STAGE } from "./states.mjs";
import { Turns } from "./turns.mjs";

/** @typedef {import("../vademecum.d.mts").Check} Check */
/** @typedef {import("../vademecum.d.mts").Outcome} Outcome */

/** Events that are passed on only when the reader has turned to what they announce. */
const FLIPS = ["updateCompleted", "rolledBack"];

/**
 * @typedef {object} Dependencies
 * @property {string[]} urls
 * @property {() => Promise<string | null>} trust the root that the app ships
 * @property {string | null} seed address of the tree that the app ships
 * @property {import("../store/store.mjs").IndexedStore} store
 * @property {(command: string, args?: object) => Promise<any>} python
 * @property {(offer: Check | null) => import("./policy.mjs").Decision} decide what is done unasked about a release
 * @property {() => string} channel which is followed
 * @property {() => boolean} later what is installed answers from the next start on
 * @property {{show(): Promise<void>, failed(code: string): Promise<boolean>} | null} preview what answers on a first visit, while Python verifies it
 * @property {() => Promise<import("../store/records.mjs").InstalledRelease | null>} reopen the reader; fails if what is installed does not work
 * @property {() => Promise<void>} follow what another page installed: turn the reader to it and tell the app, if that was missed
 * @property {(name: string, detail: object | null) => void} emit to this page
 * @property {(name: string, detail: object) => void} announce to the other pages
 */

export class Installing extends Turns {
  /** @type {Check | null} the last offer, until it is installed */
  offer = null;
  /** The installed release cannot be read: it is mended, and where that does not help, fetched whole. */
  damaged = false;
  /** The last turn in the background was not permitted to download, or to go on with it. */
  withheld = false;
  /** @type {(() => boolean) | null} of the update in the background, till a user asks for it: whether it may go on */
  permission = null;
  /** Till when there was no room for the seed, in milliseconds. */
  seedless = 0;
  #lastResort;

  /** @param {Dependencies} deps */
  constructor(deps) {
    super(deps.emit);
    this.deps = deps;
    this.#lastResort = new LastResort(deps);
  }

  /** Pass an event of the engine on to the app. Failures wait for the command's error or result; what was mended waits till
   * the reader has turned to it.
   * @param {string} name @param {any} detail @returns {void} */
  onEngineEvent(name, detail) {
    const later = [...FLIPS, "updateFailed", ...(this.damaged ? ["corruption"] : [])];
    if (later.includes(name)) return void this.held.set(name, detail);
    if (name === "updateStarted") this.move("download");
    if (name === "updateAvailable") this.offer = detail; // who hears of it, may look
    if (name === "updateProgress" && detail.stage !== "starting") this.move(OF_STAGE[detail.stage]);
    this.emit(name, detail);
  }

  /** @param {boolean} force @param {number} turn 0: nobody pauses it @returns {Promise<Outcome>} */
  async sync(force, turn) {
    const outcome = await this.#pull({ force, damaged: false, turn });
    if (this.held.has("updateCompleted")) return this.#installed(outcome);
    await this.follow();
    return this.#waits(outcome);
  }

  /** @param {Outcome} outcome of a turn that installed nothing */
  #waits(outcome) {
    this.offer = outcome.offer ?? null;
    return this.settle(this.offer ? "offer" : "current", outcome);
  }

  /** Have just what is broken fetched again; if the reader still cannot open it, everything. @param {number} turn */
  async repair(turn) {
    try {
      const outcome = await this.#pull({ force: false, damaged: true, turn });
      if (this.held.has("updateCompleted")) return await this.#installed(outcome);
      const error = await unopened(this.deps);
      if (error) return await this.#lastResort.take(error, this.permission && (() => this.#mayGoOn()), () => this.sync(true, turn));
      this.damaged = false;
      return this.#waits(outcome);
    } finally {
      const corruption = this.held.get("corruption");
      if (corruption) this.emit("corruption", corruption);
    }
  }

  /** Have the whole store examined, and repaired if asked; the reader turns to the result.
   * @param {boolean} repair @returns {Promise<import("../vademecum.d.mts").Diagnosis>} */
  doctor(repair) {
    const examine = async () => {
      const found = await this.deps.python("doctor", { repair });
      const flip = FLIPS.find((event) => this.held.has(event));
      if (flip) await this.adopt(flip);
      else if (this.damaged && found.sound) await this.deps.reopen();
      this.damaged &&= !found.sound;
      return found;
    };
    return this.take(null, examine, () => {});
  }

  #mayGoOn() {
    this.withheld = !this.permission?.();
    return !this.withheld;
  }

  /** @param {{force: boolean, damaged: boolean, turn: number}} how @returns {Promise<Outcome>} */
  async #pull(how) {
    const seedless = this.permission !== null && Date.now() < this.seedless; // who asks is not refused
    try {
      const unasked = this.permission !== null && !how.force;
      return await this.deps.python("sync", { ...how, seedless, unasked });
    } catch (error) {
      // The seed was installed before the host was found wanting.
      if (this.held.has("updateCompleted")) await this.adopt("updateCompleted");
      throw error;
    }
  }

  /** @param {Outcome} outcome */
  async #installed(outcome) {
    this.damaged = false;
    this.offer = outcome.offer ?? null;
    await this.adopt("updateCompleted");
    return this.settle("complete", outcome);
  }

  /** Turn the reader to the new generation, then tell everybody. @param {string} event */
  async adopt(event) {
    const detail = this.held.get(event);
    try {
      if (event !== "updateCompleted" || !this.deps.later()) await this.deps.reopen();
    } catch (thrown) {
      const error = unusable(thrown);
      await this.refuse(error);
      throw new VademecumError("self-test", `the release does not work in this browser and was undone: ${error.message}`);
    }
    this.deps.announce(event, detail);
    this.emit(event, detail);
    this.move("complete");
  }

  /** Undo the installed release: it does not work in this browser.
   * @param {VademecumError} error what the reader found */
  async refuse(error) {
    try {
      await this.deps.python("refuse", { reason: error.message });
      await this.deps.reopen(); // the way back is part of this failure, and no event of its own
    } catch (failure) {
      const { code } = asError(failure);
      if (code === "content") this.damaged = true; // not the release is at fault, but what is stored of it
      if (code !== "empty") throw failure;
      // Nothing to go back to: the reader stays without a release, and the app is told of the failure.
    }
  }

  /** Turn to what another page has installed; that changes no state. */
  async follow() {
    if (this.damaged) return;
    const before = this.state;
    try {
      await this.deps.follow();
    } catch (thrown) {
      // What does not work here is undone by the page that installed it, or by the next that opens it.
      if (asError(thrown).code === "content") this.damaged = true;
      throw thrown;
    }
    this.state = before;
  }
}
