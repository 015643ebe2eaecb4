// @ts-check
/** An installed release that the reader cannot use: is it mended now, and may everything be fetched anew? */

import { asError, VademecumError } from "../errors.mjs";
import { openHead } from "../store/records.mjs";

/** @typedef {import("./install.mjs").Dependencies} Dependencies */

/** An error that says that what is installed does not work or is damaged; any other is thrown on.
 * @param {unknown} thrown */
export function unusable(thrown) {
  const error = asError(thrown);
  if (error.code !== "self-test" && error.code !== "content") throw error;
  return error;
}

/** Why the reader has no release now; null: it has one. @param {Dependencies} deps */
export async function unopened({ reopen }) {
  try {
    if (await reopen()) return null;
    return new VademecumError("content", "nothing is left of what was installed: update() fetches it again");
  } catch (thrown) {
    return unusable(thrown);
  }
}

/** The last resort: everything is fetched anew. */
export class LastResort {
  /** @type {string | null} what was installed when that was tried in vain */
  #tried = null;

  /** @param {Dependencies} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /**
   * In the background this is tried once for what is installed, and only if so much may be downloaded.
   * @template T
   * @param {VademecumError} error why the reader has no release
   * @param {(() => boolean) | null} permission of the background; null: a user asks
   * @param {() => Promise<T>} fetch
   * @returns {Promise<T>}
   */
  async take(error, permission, fetch) {
    const installed = await this.#installed();
    if (permission && this.#tried === installed) throw error;
    if (permission && !permission()) {
      throw new VademecumError("budget", "everything must be fetched again, but not over this connection: update() does it");
    }
    try {
      return await fetch();
    } catch (thrown) {
      if (!asError(thrown).transient) this.#tried = installed; // it was tried, and not just cut off
      throw thrown;
    }
  }

  /** The state that the pointer names; a pointer that cannot be read is one, too. */
  async #installed() {
    const bytes = await this.deps.store.read("head");
    try {
      const { current } = await openHead(bytes);
      return `${current?.sequence} ${current?.digest}`;
    } catch (thrown) {
      return asError(thrown).code;
    }
  }
}
