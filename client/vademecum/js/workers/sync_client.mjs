// @ts-check
/** The sync worker as the page sees it: booted when there is something to do, ended when it has been idle. */

import { Remote } from "./rpc.mjs";
import { asError } from "../errors.mjs";

/** Python's memory is worth giving back, and two seconds of booting worth keeping for what often follows. */
const LINGER_MS = 30_000;

export class PythonWorker {
  /** @type {Remote | null} */ #remote = null;
  /** @type {Promise<void> | null} */ #opening = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {() => Worker} start @param {() => Promise<import("../worker.mjs").Target>} target asked at each boot
   * @param {(name: string, detail: any) => void} onEvent */
  constructor(start, target, onEvent) {
    this.start = start;
    this.target = target;
    this.onEvent = onEvent;
  }

  /** @param {string} command @param {object} [args] @returns {Promise<any>} */
  async call(command, args = {}) {
    clearTimeout(this.#timer);
    if (this.#remote?.ended) this.#drop(this.#remote);
    const remote = (this.#remote ??= new Remote(this.start(), this.onEvent));
    try {
      await this.#open(remote);
      return await remote.call(command, args);
    } catch (error) {
      if (asError(error).code === "error" || remote.ended) this.#drop(remote);
      throw error;
    } finally {
      if (this.#remote?.idle) this.#timer = setTimeout(() => this.close(), LINGER_MS);
    }
  }

  /** Boot once; a boot that fails is tried anew with the next command. @param {Remote} remote */
  #open(remote) {
    this.#opening ??= this.target().then((target) => remote.call("open", target)).catch((error) => {
      this.#drop(remote);
      throw error;
    });
    return this.#opening;
  }

  close() {
    clearTimeout(this.#timer);
    if (this.#remote) this.#drop(this.#remote);
  }

  /** @param {Remote} remote */
  #drop(remote) {
    remote.close();
    if (this.#remote !== remote) return;
    this.#remote = null;
    this.#opening = null;
  }
}
