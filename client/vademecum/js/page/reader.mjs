// @ts-check
/** The query worker as the page sees it: started when it is needed, and started anew when it broke. */

import { unusable } from "../update/updates.mjs";
import { Remote } from "../workers/rpc.mjs";

/** @typedef {import("../store/records.mjs").InstalledRelease} InstalledRelease */

export class Reader {
  /** @type {InstalledRelease | null} what it answers from */
  release = null;
  /** @type {InstalledRelease | null} */ #preview = null;
  /** @type {InstalledRelease | null} what answers out of the app's own documents, while there is no release */
  local = null;
  closed = false;
  /** @type {Remote | null} */ #remote = null;

  /** @param {string} url of the knowledge base @param {() => Worker} start
   * @param {(release: InstalledRelease | null) => void} opened told each time @param {object[] | null} [fallback] documents of the app */
  constructor(url, start, opened, fallback = null) {
    this.fallback = fallback;
    this.url = url;
    this.start = start;
    this.opened = opened;
  }

  /** @param {string} command @param {object} args */
  async ask(command, args) {
    if (this.#gone) await this.reopen();
    return /** @type {Remote} */ (this.#remote).call(command, args);
  }

  /** What it shows unverified, while it has no release (preview.mjs). Its worker alone has that: who goes back to a page finds it gone. */
  get preview() {
    return this.#gone ? null : this.#preview;
  }

  /** Turn to what is installed now. */
  async reopen() {
    const first = this.#gone;
    if (first) this.#preview = null;
    const remote = first ? new Remote(this.start()) : /** @type {Remote} */ (this.#remote);
    this.#remote = remote;
    this.release = await remote.call(first ? "open" : "reopen", { url: this.url });
    if (this.release) this.#preview = null;
    if (first || this.release) this.local = null;
    if (!this.release && this.fallback) this.local ??= await remote.call("fallback", { documents: this.fallback });
    this.opened(this.release);
    return this.release;
  }

  /** Answer from what nobody has verified yet, till there is a release.
   * @param {InstalledRelease | null} release @param {Uint8Array[]} objects encoder and segments */
  async show(release, objects) {
    await this.ask("preview", { release, objects });
    this.#preview = this.release ? null : release;
  }

  async withdraw() {
    this.#preview = null;
    await this.reopen();
  }

  get #gone() {
    return !this.#remote || (this.#remote.ended && !this.closed);
  }

  close() {
    this.closed = true;
    this.#remote?.close();
  }
}

/** Open what is installed when the page begins. A release that does not work is undone. One that
 * cannot be read or undone waits for a whole download; till then the reader has none.
 * @param {Reader} reader @param {import("../update/updates.mjs").Updates} updates */
export async function openInstalled(reader, updates) {
  try {
    await reader.reopen();
  } catch (thrown) {
    const error = unusable(thrown);
    updates.fail(error);
    const undone = error.code !== "content" && (await updates.refuse(error).then(() => reader.release !== null, () => false));
    updates.damaged = !undone;
  }
}
