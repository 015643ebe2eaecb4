// @ts-check
/** Listeners of events. One that throws is reported to the page and changes nothing. */

import { VademecumError } from "../errors.mjs";

/** @typedef {(detail: any) => void} Listener */

export class Listeners {
  /** @param {readonly string[]} names of the events that there are */
  constructor(names) {
    /** @type {Map<string, Set<Listener>>} */ this.byName = new Map(names.map((name) => [name, new Set()]));
  }

  /** Those of one event. @param {string} name */
  of(name) {
    const listeners = this.byName.get(name);
    if (listeners) return listeners;
    throw new VademecumError("usage", `there is no event "${name}"; there are ${[...this.byName.keys()].join(", ")}`);
  }

  /** @param {string} name @param {object} detail */
  emit(name, detail) {
    for (const listener of [...this.of(name)]) {
      try {
        listener(detail);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** What nobody waits for, told to the page as an uncaught error is. @param {unknown} error */
export function report(error) {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
