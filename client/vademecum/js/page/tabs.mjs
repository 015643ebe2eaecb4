// @ts-check
/** The other pages of this site: what one installs, the others turn to, and each app is told once. */

import { openHead, isSame } from "../store/records.mjs";
import { report } from "./events.mjs";

/** @typedef {import("../store/records.mjs").InstalledRelease} InstalledRelease */
/** @typedef {{event?: string, detail?: {sequence: number}, mode?: import("../vademecum.d.mts").Mode, forgotten?: boolean}} Message */

/**
 * @typedef {object} Surroundings
 * @property {import("../store/store.mjs").IndexedStore} store
 * @property {import("./reader.mjs").Reader} reader
 * @property {() => Promise<boolean>} opened whether this page has opened what is installed, and is not closed
 * @property {(name: string, detail: object) => void} emit to this page
 * @property {(mode: import("../vademecum.d.mts").Mode) => void} setMode
 */

export class Tabs {
  /** @type {InstalledRelease | null} what the app was last told of */
  told = null;
  /** @type {BroadcastChannel | null} */ #channel = null;

  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
  }

  /** From before the pointer is read, so that no flip comes in between. */
  listen() {
    this.#channel = new BroadcastChannel(this.around.store.name);
    this.#channel.onmessage = ({ data }) => this.#hear(data).catch((error) => this.around.reader.closed || report(error));
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
  async #hear({ event, detail, mode, forgotten }) {
    const { reader, opened, emit, setMode } = this.around;
    if (!(await opened())) return;
    if (mode) setMode(mode);
    if (event || forgotten) await reader.reopen();
    // It may be known already, or another flip has come after it, which is told next.
    if (!event || isSame(reader.release, this.told) || detail?.sequence !== reader.release?.sequence) return;
    this.told = reader.release;
    emit(event, { ...detail, elsewhere: true });
  }

  /** Turn to what another page has installed, and tell the app, where that page could not tell this one. */
  async catchUp() {
    const { store, reader, emit } = this.around;
    const { current } = await openHead(await store.read("head"));
    if (!isSame(current, reader.release)) await reader.reopen();
    const [before, now] = [this.told, reader.release];
    this.told = now;
    if (!now || (before?.sequence === now.sequence && before.digest === now.digest)) return; // at most stored otherwise
    const { sequence, version } = now;
    if (before && sequence < before.sequence) emit("rolledBack", { sequence, version, elsewhere: true });
    else emit("updateCompleted", { sequence, version, plan: "none", bytes: 0, elsewhere: true });
  }
}
