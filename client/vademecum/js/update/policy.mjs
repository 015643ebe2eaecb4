// @ts-check
/** What is done unasked about a release: the twin of policy.py, with which it shares a table of cases. Pure. */

import { VademecumError } from "../errors.mjs";
import { isCount } from "../store/records.mjs";

/** @typedef {import("../vademecum.d.mts").Policy} Policy */
/** @typedef {import("../vademecum.d.mts").Connection} Connection */
/** @typedef {{sequence: number, documents?: number | null, critical?: boolean}} Offered */
/** @typedef {{what: "install" | "notify" | "wait", reason: string}} Decision */

export const MODES = /** @type {const} */ (["automatic", "notify", "manual", "off"]);
const OVER = /** @type {const} */ (["any", "unmetered", "wifi"]);
const ACTIVATION = /** @type {const} */ (["now", "next-start"]);

/** @type {Policy} */
export const POLICY = { mode: "automatic", channel: "stable", connection: "unmetered", maxUpdateBytes: null, leastDocuments: 0, activation: "now" };

/** @type {Record<string, [(value: any) => boolean, string]>} */
const FITS = {
  mode: [(value) => MODES.includes(value), `one of ${MODES.join(", ")}`],
  channel: [(value) => typeof value === "string" && value !== "" && value.length <= 100, "the name of a channel"],
  connection: [(value) => OVER.includes(value), `one of ${OVER.join(", ")}`],
  maxUpdateBytes: [isCount, "a number from 0"],
  leastDocuments: [isCount, "a number from 0"],
  activation: [(value) => ACTIVATION.includes(value), `one of ${ACTIVATION.join(", ")}`],
};

/** What is wrong with a choice; empty: nothing. Null gives it back to the app. @param {string} name @param {unknown} value */
export function fault(name, value) {
  if (!Object.hasOwn(FITS, name)) return `there is no choice "${name}"; there are ${Object.keys(FITS).join(", ")}`;
  const [fits, expected] = FITS[name];
  return value === null || fits(value) ? "" : `${name} must be ${expected}, not ${JSON.stringify(value)}`;
}

/** The choices that there are, of a record or of an app's options. @param {Record<string, unknown>} choices @returns {Partial<Policy>} */
export function goodChoices(choices) {
  return Object.fromEntries(Object.entries(choices).filter(([name, value]) => (value ?? null) !== null && !fault(name, value)));
}

/** @param {Record<string, unknown>} choices */
export function checkChoices(choices) {
  for (const [name, value] of Object.entries(choices)) {
    const told = fault(name, value);
    if (told) throw new VademecumError("usage", told);
  }
}

/** @param {Policy & {pinned?: number | null, skipped?: number[]}} policy
 * @param {Offered | null} offered null: as far as it is known before a release is seen
 * @param {Connection} connection @returns {Decision} */
export function decide({ mode, connection: over, leastDocuments, pinned = null, skipped = [] }, offered, { saveData = false, effectiveType = "", type = "" }) {
  const wait = (/** @type {string} */ reason) => /** @type {Decision} */ ({ what: "wait", reason });
  if (offered && skipped.includes(offered.sequence)) return wait("refused");
  if (offered && pinned !== null && pinned !== offered.sequence) return wait("pinned");
  if (mode === "off" || mode === "manual") return wait(mode);
  if (offered && !offered.critical && (offered.documents ?? Infinity) < leastDocuments) return wait("insignificant");
  if (mode === "notify") return { what: "notify", reason: "" };
  const fits = over === "wifi" ? !saveData && ["wifi", "ethernet"].includes(type) : over === "any" || !(saveData || effectiveType.endsWith("2g"));
  return fits ? { what: "install", reason: "" } : wait("connection");
}
