// @ts-check
/** One thing at a time, and what becomes of it: the state, the last error, and what the engine told meanwhile. */

import { asError } from "../errors.mjs";
import { LEADS_TO } from "./states.mjs";

/** @typedef {import("./states.mjs").Happening} Happening */
/** @typedef {import("./states.mjs").State} State */
/** @typedef {import("../errors.mjs").VademecumError} VademecumError */

export class Turns {
  /** @type {State} */ state = "idle";
  /** @type {import("../vademecum.d.mts").StatusError | null} */ error = null;
  /** When the host last answered as it should, in milliseconds. */
  contacted = 0;
  /** @type {Map<string, any>} events of the engine in this turn that wait for its end */
  held = new Map();
  /** @type {Promise<unknown>} */ #queue = Promise.resolve();

  /** @param {(name: string, detail: object | null) => void} emit to the app */
  constructor(emit) {
    this.emit = emit;
  }

  /** @param {Happening} happening */
  move(happening) {
    this.state = LEADS_TO[happening];
  }

  /**
   * Run one thing when those before it have ended. A failure leaves the state as it was, and is passed to `tell`, except
   * "busy" (another page is updating) and "cancelled".
   * @template T
   * @param {Happening | null} happening what begins; null: the state stays
   * @param {() => Promise<T>} work
   * @param {(error: VademecumError) => void} [tell]
   * @returns {Promise<T>}
   */
  take(happening, work, tell = (error) => this.fail(error)) {
    const turn = this.#queue.then(async () => {
      const before = this.state;
      if (happening) this.move(happening);
      this.held.clear();
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

  /**
   * End a turn in which nothing failed, except perhaps the host after a seed was installed.
   * @template T
   * @param {Happening} happening
   * @param {T} result
   */
  settle(happening, result) {
    const failure = this.held.get("updateFailed");
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
    this.emit("updateFailed", detail);
  }
}
