// @ts-check
/**
 * Checking and installing, as the page sees it: which state it is in, and what it tells the app.
 *
 * Python decides and writes; the reader turns to the new generation and tests it; only then is the app told.
 * What the host shows is never judged here.
 */

import { asError, VademecumError } from "../errors.mjs";
import { decodeHead, decodeRecord } from "../store/records.mjs";
import { compare } from "./idle_check.mjs";
import { FULL_WAIT_MS } from "./schedule.mjs";
import { isNewSeed } from "./seed.mjs";

/** @typedef {import("../vademecum.d.mts").Check} Check */
/** @typedef {import("../vademecum.d.mts").Outcome} Outcome */
/** @typedef {import("../vademecum.d.mts").State} State */
/** @typedef {import("../vademecum.d.mts").StatusError} StatusError */
/** @typedef {import("../store/records.mjs").InstalledRelease} InstalledRelease */

/** Told only when the reader has turned to what they announce. */
const FLIPS = ["updateCompleted", "rolledBack"];

/**
 * @typedef {object} Surroundings
 * @property {string[]} urls
 * @property {string | null} trust
 * @property {string | null} seed address of the tree that the app ships
 * @property {import("../store/store.mjs").IndexedStore} store
 * @property {(command: string, args?: object) => Promise<any>} python
 * @property {() => Promise<InstalledRelease | null>} reopen the reader; fails if what is installed does not work
 * @property {() => Promise<void>} follow what another page installed: turn the reader to it and tell the app, if that was missed
 * @property {(name: string, detail: object) => void} emit to this page
 * @property {(name: string, detail: object) => void} announce to the other pages
 */

export class Updates {
  /** @type {State} */
  state = "idle";
  /** @type {StatusError | null} */
  error = null;
  /** @type {Check | null} the last offer, until it is installed */
  offer = null;
  /** When the host last answered as it should, in milliseconds. */
  contacted = 0;
  /** The installed release cannot be read: it is mended, and where that does not help, fetched whole. */
  damaged = false;
  /** @type {Map<string, any>} */
  #flips = new Map();
  /** @type {string | null} the state that was fetched whole, as the last resort */
  #whole = null;
  /** @type {any} the failure that the engine told of in a command: its error, or a host's that it did without */
  #failure = null;
  /** @type {{sequence: number, until: number} | null} there was no room for this release */
  #full = null;
  /** Till when there was no room for the seed, in milliseconds. */
  #seedless = 0;
  /** @type {object | null} */
  #corruption = null;
  /** @type {Promise<unknown>} */
  #queue = Promise.resolve();
  /** @type {Promise<Outcome> | null} */
  #updating = null;
  /** The number of the last update; a pause is for the one of its number. */
  #turn = 0;
  /** @type {(() => boolean) | null} of the update in the background, till a user asks for it: whether it may go on */
  #permission = null;
  /** @type {Promise<unknown> | null} the end of an update that was told to pause */
  #pausing = null;
  /** The last turn in the background was not permitted to download, or to go on with it. */
  withheld = false;

  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
  }

  /**
   * An event of the engine, on its way to the app. Failures are told where the command's error arrives, or its result.
   * @param {string} name
   * @param {any} detail
   */
  onEngineEvent(name, detail) {
    if (FLIPS.includes(name)) this.#flips.set(name, detail);
    if (name === "updateFailed") this.#failure = detail;
    if (FLIPS.includes(name) || name === "updateFailed") return;
    if (name === "corruption" && this.damaged) {
      this.#corruption = detail; // told when the reader has turned to what was mended
      return;
    }
    if (name === "updateStarted") this.state = "downloading";
    if (name === "updateProgress") this.state = detail.stage;
    this.reconsider();
    this.around.emit(name, detail);
  }

  /**
   * Ask the host for news; one small request when there is none.
   * @returns {Promise<Check | null>} null: nothing new
   */
  check() {
    return this.#attempt("checking", async () => {
      const check = await this.#look();
      this.offer = check?.available ? check : null;
      await this.#follow();
      return this.#settled(this.offer ? "update-available" : "up-to-date", check);
    });
  }

  /** @returns {Promise<Check | null>} */
  async #look() {
    const answer = await this.#compare();
    if (answer === "settled") return null;
    return answer === "unchanged" && this.offer ? this.offer : this.around.python("check");
  }

  /**
   * Catch up with the other pages: one that was killed after it had installed a release has told nobody.
   * @returns {Promise<void>}
   */
  follow() {
    return this.#attempt(null, () => this.#follow());
  }

  async #follow() {
    if (this.damaged) return;
    const before = this.state;
    try {
      await this.around.follow();
    } catch (thrown) {
      const error = asError(thrown);
      // What does not work here is undone by the page that installed it, or by the next that opens it.
      if (error.code === "content") this.damaged = true;
      throw error;
    }
    this.state = before;
  }

  /**
   * Install what is published, without asking first whether that is new. Calls at one time are one update.
   * @returns {Promise<Outcome>}
   */
  update() {
    if (!this.#pausing) this.#permission = null;
    return this.#pausing ? this.#pausing.then(() => this.#update()) : this.#update();
  }

  #update() {
    if (this.#updating) return this.#updating;
    const turn = ++this.#turn;
    this.#updating = this.#attempt("checking", () => (this.damaged ? this.#mend(turn) : this.#sync(false, turn))).finally(() => {
      this.#updating = null;
      this.#pausing = null;
      this.#permission = null;
    });
    return this.#updating;
  }

  /** The connection may have become one over which nothing is downloaded unasked; what has come, stays. */
  reconsider() {
    if (this.#pausing || !this.#updating || !this.#permission || this.#permission()) return;
    this.withheld = true;
    const told = () => undefined; // the update's own promise tells what became of it
    this.#pausing = this.#updating.then(told, told);
    this.around.python("pause", { turn: this.#turn }).catch(told);
  }

  /** @returns {Promise<Outcome>} */
  forceUpdate() {
    return this.#attempt("checking", () => this.#sync(true, 0));
  }

  /**
   * One turn in the background. Automatic: installs what is new while `permission` says so, and is asked as it comes.
   * @param {() => boolean} permission
   */
  async background(permission) {
    await this.#plant();
    this.withheld = !permission();
    if (this.withheld) return this.check();
    if (this.#full && Date.now() < this.#full.until && !(await this.#isNewer(this.#full.sequence))) return null;
    const quiet = await this.#attempt("checking", async () => {
      return (await this.#compare()) === "settled" && this.#settled("up-to-date", true);
    });
    if (quiet) return quiet;
    if (!this.#updating) this.#permission = permission;
    return this.#update().catch((error) => this.#waitForRoom(asError(error)));
  }

  /**
   * Where there is no room, the same is not tried again and again.
   * @param {VademecumError} error
   * @returns {Promise<never>}
   */
  async #waitForRoom(error) {
    if (error.code === "quota") {
      const { latest } = decodeRecord(await this.around.store.read("sync"));
      this.#full = { sequence: latest?.sequence ?? 0, until: Date.now() + FULL_WAIT_MS };
    }
    throw error;
  }

  /** @param {number} sequence */
  async #isNewer(sequence) {
    const check = await this.check();
    return check !== null && check.available && check.sequence > sequence;
  }

  /**
   * Install the seed that the app ships, once for each; that takes no network, and no permission to use it. One that
   * finds no room is told of, and left alone for a day: what the host has may be smaller.
   */
  async #plant() {
    const { store, seed, python } = this.around;
    if (Date.now() < this.#seedless || !(await isNewSeed(store, seed))) return;
    const before = this.state;
    await this.#attempt("checking", async () => {
      await python("plant");
      if (this.#flips.has("updateCompleted")) await this.#adopt("updateCompleted");
      else this.state = before;
    }).catch((error) => {
      if (asError(error).code !== "quota") throw error;
      this.#seedless = Date.now() + FULL_WAIT_MS;
    });
  }

  rollback() {
    const back = async () => {
      await this.around.python("rollback");
      await this.#adopt("rolledBack");
    };
    return this.#attempt("installing", back, () => {});
  }

  /** @param {number | null} sequence */
  pin(sequence) {
    const stay = async () => {
      await this.around.python("pin", { sequence });
      if (this.#flips.has("rolledBack")) await this.#adopt("rolledBack");
    };
    return this.#attempt(null, stay, () => {});
  }

  /**
   * Undo the installed release: it does not work in this browser.
   * @param {VademecumError} error what the reader found
   */
  async refuse(error) {
    try {
      await this.around.python("refuse", { reason: error.message });
      this.#flips.clear(); // the way back is part of this failure, and no event of its own
      await this.around.reopen();
    } catch (failure) {
      const { code } = asError(failure);
      if (code === "content") this.damaged = true; // not the release is at fault, but what is stored of it
      if (code !== "empty") throw failure;
      // Nothing to go back to: the reader stays without a release, and the app is told of the failure.
    }
  }

  /**
   * Have just what is broken fetched again; if the reader still cannot open it, everything.
   * @param {number} turn
   */
  async #mend(turn) {
    this.#corruption = null;
    try {
      /** @type {Outcome} */
      const outcome = await this.#pull({ force: false, damaged: true, turn });
      if (this.#flips.has("updateCompleted")) return await this.#installed(outcome);
      const error = await this.#unopened();
      if (error) return await this.#fetchWhole(error, turn);
      this.damaged = false;
      return this.#settled("up-to-date", outcome);
    } finally {
      if (this.#corruption) this.around.emit("corruption", this.#corruption);
    }
  }

  /** Why the reader has no release now; null: it has one. */
  async #unopened() {
    try {
      const release = await this.around.reopen();
      return release ? null : new VademecumError("content", "nothing is left of what was installed: update() fetches it anew");
    } catch (thrown) {
      const error = asError(thrown);
      if (error.code !== "self-test" && error.code !== "content") throw error;
      return error;
    }
  }

  /**
   * The last resort. In the background once for what is installed, and only where so much may be downloaded.
   * @param {VademecumError} error why the reader has no release
   * @param {number} turn
   */
  async #fetchWhole(error, turn) {
    const installed = await this.#installedState();
    if (this.#permission && this.#whole === installed) throw error;
    if (this.#permission && !this.#permission()) {
      this.withheld = true;
      throw new VademecumError("budget", "everything is to be fetched anew, but not over this connection: update() does");
    }
    try {
      return await this.#sync(true, turn);
    } catch (thrown) {
      if (!asError(thrown).transient) this.#whole = installed; // it was tried, and not just cut off
      throw thrown;
    }
  }

  /** The state that the pointer names; a pointer that cannot be read is one, too. */
  async #installedState() {
    const bytes = await this.around.store.read("head");
    try {
      const { current } = decodeHead(bytes);
      return `${current?.sequence} ${current?.digest}`;
    } catch (thrown) {
      return asError(thrown).code;
    }
  }

  /**
   * @param {boolean} force
   * @param {number} turn 0: nobody pauses it
   */
  async #sync(force, turn) {
    /** @type {Outcome} */
    const outcome = await this.#pull({ force, damaged: false, turn });
    if (this.#flips.has("updateCompleted")) return this.#installed(outcome);
    await this.#follow();
    return this.#settled("up-to-date", outcome);
  }

  /**
   * @param {{force: boolean, damaged: boolean, turn: number}} how
   * @returns {Promise<Outcome>}
   */
  async #pull(how) {
    const seedless = this.#permission !== null && Date.now() < this.#seedless; // who asks is not refused
    try {
      return await this.around.python("sync", { ...how, seedless });
    } catch (error) {
      // The seed was installed before the host was found wanting.
      if (this.#flips.has("updateCompleted")) await this.#adopt("updateCompleted");
      throw error;
    }
  }

  /** @param {Outcome} outcome */
  async #installed(outcome) {
    this.damaged = false;
    this.offer = null;
    await this.#adopt("updateCompleted");
    return this.#settled("installed", outcome);
  }

  /**
   * Turn the reader to the new generation, then tell everybody.
   * @param {string} event
   */
  async #adopt(event) {
    const detail = this.#flips.get(event);
    this.#flips.clear();
    try {
      await this.around.reopen();
    } catch (thrown) {
      const error = asError(thrown);
      if (error.code !== "self-test" && error.code !== "content") throw error;
      await this.refuse(error);
      throw new VademecumError("self-test", `the release does not work in this browser and was undone: ${error.message}`);
    }
    this.around.announce(event, detail);
    this.around.emit(event, detail);
    this.state = "installed";
  }

  /** @returns {Promise<import("./idle_check.mjs").Answer>} */
  async #compare() {
    const { store, urls, trust } = this.around;
    return this.damaged ? "unknown" : compare(store, urls, trust, Date.now());
  }

  /**
   * @template T
   * @param {State} state
   * @param {T} result
   */
  #settled(state, result) {
    if (this.#failure) this.#tell(this.#failure); // the seed was installed, and the host could not be asked
    else [this.error, this.contacted] = [null, Date.now()];
    this.state = state;
    return result;
  }

  /**
   * Run one thing at a time. What fails leaves the state as it was, or is told of; "busy" (another page is at it)
   * never is.
   * @template T
   * @param {State | null} state null: as before
   * @param {() => Promise<T>} work
   * @param {(error: VademecumError) => void} [tell]
   * @returns {Promise<T>}
   */
  #attempt(state, work, tell = (error) => this.fail(error)) {
    const turn = this.#queue.then(async () => {
      const before = this.state;
      this.state = state ?? before;
      this.#flips.clear();
      this.#failure = null;
      try {
        return await work();
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

  /** @param {VademecumError} error */
  fail(error) {
    const { code, message, transient, needed, available } = error;
    const room = code === "quota" ? { needed, available } : {};
    this.state = "failed";
    this.#tell({ code, message, willRetry: transient, ...room });
  }

  /** @param {import("../vademecum.d.mts").Events["updateFailed"]} detail */
  #tell(detail) {
    const { code, message } = detail;
    this.error = { code, message, time: new Date().toISOString() };
    this.around.emit("updateFailed", detail);
  }
}
