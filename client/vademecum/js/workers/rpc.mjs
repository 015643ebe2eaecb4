// @ts-check
/** Calls across a worker's messages, the caller's end: `{id, command, args}` there, `{id, result | error}` or `{event, detail}` back. */

import { asError, VademecumError } from "../errors.mjs";
import { fetchBody } from "../net/transport.mjs";

/** @typedef {{resolve: (value: any) => void, reject: (error: VademecumError) => void}} Waiting */

const MAX_MODULE = 1_000_000;

export class Remote {
  /** @type {Map<number, Waiting>} */ #waiting = new Map();
  #last = 0;
  /** @type {VademecumError | null} */ #failure = null;
  /** In WebKit a transaction of a worker that ends by itself with its page may hold up the store as long as the browser runs.
   * A page that is shown again starts another. */
  #left = () => this.close(new VademecumError("cancelled", "the page was left"));

  /** @param {Worker & {address?: string, elsewhere?: boolean}} worker `address`: of its file; `elsewhere`: on another origin @param {(name: string, detail: any) => void} [onEvent] */
  constructor(worker, onEvent = () => {}) {
    this.worker = worker;
    globalThis.addEventListener?.("pagehide", this.#left);
    worker.onmessage = ({ data }) => ("event" in data ? onEvent(data.event, data.detail) : this.#settle(data));
    // An event without a message: the worker's own file did not load, or one that it imports.
    worker.onerror = ({ message }) => (message ? this.close(new VademecumError("error", message)) : this.#notLoaded());
  }

  /** True when no call waits for its answer. */
  get idle() {
    return this.#waiting.size === 0;
  }

  /** True once it has been closed or has broken. */
  get ended() {
    return this.#failure !== null;
  }

  /** @param {string} command @param {object} [args] @returns {Promise<any>} */
  call(command, args = {}) {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, command, args });
    });
  }

  /** Browsers do not say why, so the host is asked. */
  async #notLoaded() {
    const { address = "", elsewhere = false } = this.worker;
    const policy = elsewhere ? `, as by a Content-Security-Policy without worker-src blob: ${new URL(address).origin}: allow that, or copy client/ to this page's origin` : "";
    const told = `a worker of vademecum did not load: a file of client/ is missing or blocked${policy}`;
    const asked = address ? fetchBody(address, { limit: MAX_MODULE }) : Promise.reject(new VademecumError("network", told));
    this.close(await asked.then(() => new VademecumError("server", `${address}: ${told}`), asError));
  }

  /** @param {{id: number, result?: unknown, error?: unknown}} reply */
  #settle({ id, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(asError(error));
    else waiting?.resolve(result);
  }

  /** End the worker; whoever waits gets this error. @param {VademecumError} [why] */
  close(why = new VademecumError("cancelled", "the knowledge base was closed")) {
    this.#failure ??= why;
    globalThis.removeEventListener?.("pagehide", this.#left);
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
