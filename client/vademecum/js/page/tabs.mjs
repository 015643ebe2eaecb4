// @ts-check
/** The other pages of this site: what one installs, the others turn to, and each app is told once. */

import { openHead, isSame } from "../store/records.mjs";
import { report } from "./events.mjs";

/** @typedef {import("../store/records.mjs").InstalledRelease} InstalledRelease */
/** @typedef {{event?: string, detail?: {sequence: number}, choices?: Partial<import("../vademecum.d.mts").Policy>, forgotten?: boolean}} Message */

/**
 * @typedef {object} Dependencies
 * @property {import("../store/store.mjs").IndexedStore} store
 * @property {import("./reader.mjs").Reader} reader
 * @property {() => Promise<boolean>} opened whether this page has opened what is installed, and is not closed
 * @property {(name: string, detail: object) => void} emit to this page
 * @property {(choices: Partial<import("../vademecum.d.mts").Policy>) => void} choose
 * @property {() => boolean} later what is installed answers from the next start on
 */

export class Tabs {
  /** @type {InstalledRelease | null} what the app was last told of */
  announced = null;
  /** @type {BroadcastChannel | null} */ #channel = null;

  /** @param {Dependencies} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** From before the pointer is read, so that no flip comes in between. */
  listen() {
    this.#channel = new BroadcastChannel(this.deps.store.name);
    this.#channel.onmessage = ({ data }) => this.#hear(data).catch((error) => this.deps.reader.closed || report(error));
  }

  stop() {
    this.#channel?.close();
    this.#channel = null;
  }

  /** @param {object} message a `Message` */
  tell(message) {
    this.#channel?.postMessage(message);
  }

  /** @param {Message} message */
  async #hear({ event, detail, choices, forgotten }) {
    const { reader, opened, emit, choose, later } = this.deps;
    if (!(await opened())) return;
    if (choices) choose(choices);
    if (event === "updateCompleted" && later()) return;
    if (event || forgotten) await reader.reopen();
    // It may be known already, or another flip has come after it, which is told next.
    if (!event || isSame(reader.release, this.announced) || detail?.sequence !== reader.release?.sequence) return;
    this.announced = reader.release;
    emit(event, { ...detail, elsewhere: true });
  }

  /** Turn to what another page has installed, and tell the app, in case that page could not tell this one. */
  async catchUp() {
    const { store, reader, emit, later } = this.deps;
    const { current } = await openHead(await store.read("head"));
    if (later() && current && current.sequence > (reader.release?.sequence ?? 0)) return;
    if (!isSame(current, reader.release)) await reader.reopen();
    const [before, now] = [this.announced, reader.release];
    this.announced = now;
    if (!now || (before?.sequence === now.sequence && before.digest === now.digest)) return; // at most stored otherwise
    const { sequence, version } = now;
    if (before && sequence < before.sequence) emit("rolledBack", { sequence, version, elsewhere: true });
    else emit("updateCompleted", { sequence, version, plan: "none", bytes: 0, elsewhere: true });
  }
}
