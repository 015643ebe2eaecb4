// @ts-check
/**
 * Updates, as the page sees them: what apps call, and what the background does by itself, one after another. Python
 * decides and writes; the reader turns to the new generation and tests it; only then is the app told. What the host shows
 * is never judged here.
 */

import { asError, VademecumError } from "../errors.mjs";
import { openHead, openRecord } from "../store/records.mjs";
import { compare, isNewSeed } from "./idle_check.mjs";
import { FULL_WAIT_MS } from "./schedule.mjs";
import { LEADS_TO, OF_STAGE } from "./states.mjs";

/** @typedef {import("../vademecum.d.mts").Check} Check */
/** @typedef {import("../vademecum.d.mts").Outcome} Outcome */
/** @typedef {import("./states.mjs").Happening} Happening */

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

export class Updates {
  /** @type {import("./states.mjs").State} */ state = "idle";
  /** @type {{code: import("../vademecum.d.mts").ErrorCode, message: string, time: string} | null} */ error = null;
  /** When the host last answered as it should, in milliseconds. */ contacted = 0;
  /** @type {Check | null} the last offer, until it is installed */ offer = null;
  /** The installed release cannot be read: it is mended, and where that does not help, fetched whole. */ damaged = false;
  /** The last turn in the background was not permitted to download, or to go on with it. */ withheld = false;
  /** @type {Promise<unknown>} the end of the last turn */ #queue = Promise.resolve();
  /** @type {Map<string, any>} events of the engine in this turn that wait for its end */ #held = new Map();
  /** @type {(() => boolean) | null} of the update in the background, till a user asks for it: whether it may go on */ #permission = null;
  /** @type {Promise<Outcome> | null} */ #updating = null;
  /** The number of the last update; a pause is for the one of its number. */ #turn = 0;
  /** @type {Promise<unknown> | null} the end of an update that was told to pause */ #pausing = null;
  /** Till when there was no room for the seed, in milliseconds. */ #seedless = 0;
  /** @type {{sequence: number, until: number} | null} there was no room for this release */ #full = null;
  /** @type {string | null} what was installed when everything was fetched anew in vain */ #tried = null;

  /** @param {Dependencies} deps */
  constructor(deps) {
    this.deps = deps;
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
      await this.#follow();
      return this.#settle(this.offer ? "offer" : "current", check);
    });
  }

  /** Install what is published, without asking first whether that is new. Calls at one time are one update. */
  update() {
    this.#permission = null; // a user asks
    return this.#pausing ? this.#pausing.then(() => this.#update()) : this.#update();
  }

  /** @returns {Promise<Outcome>} */
  forceUpdate() {
    return this.take("check", () => this.sync(true, 0));
  }

  rollback() {
    return this.take("turn-back", async () => {
      await this.deps.python("rollback");
      await this.#adopt("rolledBack");
    }, () => {});
  }

  /** @param {number | null} sequence */
  pin(sequence) {
    return this.take(null, async () => {
      await this.deps.python("pin", { sequence });
      if (this.#held.has("rolledBack")) await this.#adopt("rolledBack");
    }, () => {});
  }

  /** @param {number | null} sequence */
  skip(sequence) {
    return this.take(null, async () => {
      await this.deps.python("skip", { sequence });
      if (this.offer?.sequence === sequence) this.offer = null;
    }, () => {});
  }

  /** Have the whole store examined, and repaired if asked; the reader turns to the result.
   * @param {boolean} repair @returns {Promise<import("../vademecum.d.mts").Diagnosis>} */
  doctor(repair) {
    return this.take(null, async () => {
      const found = await this.deps.python("doctor", { repair });
      const flip = FLIPS.find((event) => this.#held.has(event));
      if (flip) await this.#adopt(flip);
      else if (this.damaged && found.sound) await this.deps.reopen();
      this.damaged &&= !found.sound;
      return found;
    }, () => {});
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
        return this.#settle("offer", null);
      });
      this.deps.emit("preview", null); // who waits for one is told that it has to be asked for
      return waits;
    }
    if (this.withheld) return this.check();
    if (this.#full && Date.now() < this.#full.until && !(await this.#isNewer(this.#full.sequence))) return null;
    const quiet = await this.take("check", async () => {
      const answer = await this.#compare();
      if (answer === "settled") return this.#settle("current", true);
      const waits = answer === "unchanged" && this.judged?.decision;
      return waits && waits !== "install" && this.#settle("offer", true);
    });
    if (quiet) return quiet;
    if (!this.#updating) this.#permission = permission;
    return this.#update().catch((error) => this.#waitForRoom(asError(error)));
  }

  /** The connection may have become one over which nothing is downloaded unasked; what has come, stays. */
  reconsider() {
    if (this.#pausing || !this.#updating || this.#mayGoOn()) return;
    const ended = () => undefined; // the update's own promise tells what became of it
    this.#pausing = this.#updating.then(ended, ended);
    this.deps.python("pause", { turn: this.#turn }).catch(ended);
  }

  /** Catch up with the other pages: one that was killed after it had installed a release has told nobody. */
  catchUp() {
    return this.take(null, () => this.#follow());
  }

  /** Install the app's seed, each one once: it needs neither a network nor the permission to use it. If it finds no room,
   * that is reported, and it is left alone for a day: what the host has may be smaller. */
  async #plant() {
    const { store, seed, python } = this.deps;
    if (Date.now() < this.#seedless || !(await isNewSeed(store, seed))) return;
    const before = this.state;
    await this.take("check", async () => {
      await python("plant");
      if (this.#held.has("updateCompleted")) await this.#adopt("updateCompleted");
      else this.state = before;
    }).catch((error) => {
      if (asError(error).code !== "quota") throw error;
      this.#seedless = Date.now() + FULL_WAIT_MS;
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

  /** @returns {Promise<import("./idle_check.mjs").Answer>} */
  async #compare() {
    const { store, urls, trust, channel } = this.deps;
    return this.damaged ? "unknown" : compare(store, urls, await trust(), Date.now(), channel());
  }

  /** Whether the update may go on: where a user asks for it, always. */
  #mayGoOn() {
    if (!this.#permission) return true;
    this.withheld = !this.#permission();
    return !this.withheld;
  }

  // Installing ----------------------------------------------------------------------------------

  /** Pass an event of the engine on to the app. Failures wait for the command's error or result; what was mended waits till
   * the reader has turned to it. Each time that more comes, it is looked whether it may go on.
   * @param {string} name @param {any} detail @returns {void} */
  onEngineEvent(name, detail) {
    const later = [...FLIPS, "updateFailed", ...(this.damaged ? ["corruption"] : [])];
    if (later.includes(name)) return void this.#held.set(name, detail);
    if (name === "updateStarted") this.move("download");
    if (name === "updateAvailable") this.offer = detail; // who hears of it, may look
    if (name === "updateProgress" && detail.stage !== "starting") this.move(OF_STAGE[detail.stage]);
    this.deps.emit(name, detail);
    this.reconsider();
  }

  #update() {
    if (this.#updating) return this.#updating;
    const turn = ++this.#turn;
    this.#updating = this.take("check", () => this.#bring(turn)).finally(() => {
      this.#updating = this.#pausing = this.#permission = null;
    });
    return this.#updating;
  }

  /** @param {number} turn @returns {Promise<Outcome>} */
  async #bring(turn) {
    const { preview } = this.deps;
    if (this.damaged) return this.#repair(turn);
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

  /** @param {boolean} force @param {number} turn 0: nobody pauses it */
  async sync(force, turn) {
    const outcome = await this.#pull({ force, damaged: false, turn });
    if (!this.#held.has("updateCompleted")) await this.#follow();
    return this.#finish(outcome);
  }

  /** Have just what is broken fetched again; if the reader still cannot open it, everything. @param {number} turn */
  async #repair(turn) {
    const outcome = await this.#pull({ force: false, damaged: true, turn });
    if (!this.#held.has("updateCompleted")) {
      const error = await this.#unopened();
      if (error) return this.#fetchWhole(error, turn);
    }
    this.damaged = false;
    return this.#finish(outcome);
  }

  /** @param {{force: boolean, damaged: boolean, turn: number}} how @returns {Promise<Outcome>} */
  async #pull(how) {
    const unasked = this.#permission !== null;
    try {
      return await this.deps.python("sync", { ...how, seedless: unasked && Date.now() < this.#seedless, unasked });
    } catch (error) {
      // The seed was installed before the host was found wanting.
      if (this.#held.has("updateCompleted")) await this.#adopt("updateCompleted");
      throw error;
    }
  }

  /** @param {Outcome} outcome of a turn that has installed something, or nothing */
  async #finish(outcome) {
    this.offer = outcome.offer ?? null;
    if (!this.#held.has("updateCompleted")) return this.#settle(this.offer ? "offer" : "current", outcome);
    this.damaged = false;
    await this.#adopt("updateCompleted");
    return this.#settle("complete", outcome);
  }

  /** Turn the reader to the new generation, then tell everybody. @param {string} event */
  async #adopt(event) {
    const detail = this.#held.get(event);
    try {
      if (event !== "updateCompleted" || !this.deps.later()) await this.deps.reopen();
    } catch (thrown) {
      const error = unusable(thrown);
      await this.refuse(error);
      throw new VademecumError("self-test", `the release does not work in this browser and was undone: ${error.message}`);
    }
    this.deps.announce(event, detail);
    this.deps.emit(event, detail);
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
  async #follow() {
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

  /** Why the reader has no release now; null: it has one. */
  async #unopened() {
    try {
      if (await this.deps.reopen()) return null;
      return new VademecumError("content", "nothing is left of what was installed: update() fetches it again");
    } catch (thrown) {
      return unusable(thrown);
    }
  }

  /** The last resort. In the background this is tried once for what is installed, and only if so much may be downloaded.
   * @param {VademecumError} error why the reader has no release @param {number} turn */
  async #fetchWhole(error, turn) {
    const installed = await this.#installed();
    if (this.#permission && this.#tried === installed) throw error;
    if (!this.#mayGoOn()) {
      throw new VademecumError("budget", "everything must be fetched again, but not over this connection: update() does it");
    }
    try {
      return await this.sync(true, turn);
    } catch (thrown) {
      if (!asError(thrown).transient) this.#tried = installed; // it was tried, and not just cut off
      throw thrown;
    }
  }

  /** The state that the pointer names; a pointer that cannot be read is one, too. */
  async #installed() {
    const bytes = await this.deps.store.read("head");
    return openHead(bytes).then(({ current }) => `${current?.sequence} ${current?.digest}`, (thrown) => asError(thrown).code);
  }

  // One thing at a time, and what becomes of it --------------------------------------------------

  /** @param {Happening} happening */
  move(happening) {
    this.state = LEADS_TO[happening];
  }

  /** Run one thing when those before it have ended. A failure leaves the state as it was, and is passed to `tell`, except
   * "busy" (another page is updating) and "cancelled". @template T @param {Happening | null} happening what begins; null: the state stays
   * @param {() => Promise<T>} work @param {(error: VademecumError) => void} [tell] @returns {Promise<T>} */
  take(happening, work, tell = (error) => this.fail(error)) {
    const turn = this.#queue.then(async () => {
      const before = this.state;
      if (happening) this.move(happening);
      this.#held.clear();
      try {
        return await work().finally(() => this.#pass("corruption"));
      } catch (thrown) {
        const error = asError(thrown);
        this.state = before;
        if (error.code !== "busy" && error.code !== "cancelled") tell(error);
        throw error;
      }
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Pass on an event that has waited, if there is one. @param {string} name */
  #pass(name) {
    if (this.#held.has(name)) this.deps.emit(name, this.#held.get(name));
  }

  /** End a turn in which nothing failed, except perhaps the host after a seed was installed.
   * @template T @param {Happening} happening @param {T} result */
  #settle(happening, result) {
    const failure = this.#held.get("updateFailed");
    if (failure) this.#tell(failure);
    else [this.error, this.contacted] = [null, Date.now()];
    this.move(happening);
    return result;
  }

  /** @param {VademecumError} error */
  fail({ code, message, transient, needed, available }) {
    this.move("fail");
    this.#tell({ code, message, willRetry: transient, ...(code === "quota" && { needed, available }) });
  }

  /** @param {import("../vademecum.d.mts").Events["updateFailed"]} detail */
  #tell(detail) {
    const { code, message } = detail;
    this.error = { code, message, time: new Date().toISOString() };
    this.deps.emit("updateFailed", detail);
  }
}

/** An error that says that what is installed does not work or is damaged; any other is thrown on.
 * @param {unknown} thrown */
export function unusable(thrown) {
  const error = asError(thrown);
  if (error.code !== "self-test" && error.code !== "content") throw error;
  return error;
}
