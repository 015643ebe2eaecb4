// @ts-check
/** The small records of the store, read (site/content/format.md, section 8). Python writes them; a page writes `mode`, and `retry` as well. */

import { VademecumError } from "../errors.mjs";
import { parseObject } from "../format/json.mjs";
import { sha256 } from "../format/sha256.mjs";

export const HEAD_FORMAT = 1;

/** @typedef {import("../vademecum.d.mts").LocalVersion & {encoder: string, segments: string[]}} InstalledRelease */
/** @typedef {InstalledRelease | null} Installed */
/** @typedef {{format: number, current: Installed, previous: Installed, pinned: number | null, refused: number[], reasons: [number, string][]}} Head */

/** @type {Head} */
const NO_HEAD = { format: HEAD_FORMAT, current: null, previous: null, pinned: null, refused: [], reasons: [] };

export const isCount = (/** @type {any} */ value) => Number.isSafeInteger(value) && value >= 0;
const isText = (/** @type {unknown} */ value) => typeof value === "string";
const isDigest = (/** @type {unknown} */ value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isList = (/** @type {unknown} */ value, /** @type {(part: unknown) => boolean} */ holds) => Array.isArray(value) && value.every(holds);

/** What a generation has, and how each part looks. */
const RELEASE = {
  sequence: isCount, version: isText, documents: isCount, chunks: isCount, dimensions: isCount,
  built: isText, installed: isText, epoch: isText, digest: isDigest, encoder: isDigest,
  segments: (/** @type {unknown} */ value) => isList(value, isDigest),
  places: (/** @type {unknown} */ value) => typeof value === "object" && Object.values(value ?? {}).every((values) => isList(values, isText)),
};

/** @param {Uint8Array | undefined} bytes the record `head` @returns {Head} */
export function decodeHead(bytes) {
  if (!bytes) return NO_HEAD;
  const { format, current = null, previous = null, pinned = null, refused, reasons = [] } = parseObject(bytes, "head");
  mustHold(isCount(format), "format");
  if (format > HEAD_FORMAT) {
    const found = `the store has format ${format}, this app reads ${HEAD_FORMAT}`;
    throw new VademecumError("newer-format", `${found}: reload the page or update the app`);
  }
  mustHold(pinned === null || isCount(pinned), "pinned");
  mustHold(isList(refused, isCount), "refused");
  mustHold(isList(reasons, (why) => Array.isArray(why) && isCount(why[0]) && isText(why[1])), "reasons");
  return { format, current: checkRelease(current, "current"), previous: checkRelease(previous, "previous"), pinned, refused, reasons };
}

/** What the seal of a record takes (store/seal.py): `{"sha256":"`, the digest, and `",`. */
const SEAL_BYTES = 77;
const BRACE = 0x7b;

/** The same, after the seal was looked at: a disk or another program may have changed what was written.
 * @param {Uint8Array | undefined} bytes @returns {Promise<Head>} */
export async function openHead(bytes) {
  mustHold(!bytes || (await isSealed(bytes)), "it is not what was written");
  return decodeHead(bytes);
}

/** @param {Uint8Array} bytes a record: whether the digest that it begins with is that of the rest */
async function isSealed(bytes) {
  const found = /^\{"sha256":"([0-9a-f]{64})",$/.exec(new TextDecoder().decode(bytes.subarray(0, SEAL_BYTES)));
  const written = bytes.slice(SEAL_BYTES - 1);
  written[0] = BRACE; // the one that the first field stood behind
  return found !== null && (await sha256(written)) === found[1];
}

/** A release as the pointer holds it, its parts looked at.
 * @param {any} value @param {string} name for the error @returns {InstalledRelease | null} */
export function checkRelease(value, name) {
  if (value === null) return null;
  value = { places: {}, ...value }; // earlier versions did not write them
  const fields = Object.entries(RELEASE);
  for (const [key, holds] of fields) mustHold(holds(value[key]), `${name}.${key}`);
  return /** @type {any} */ ({ ...Object.fromEntries(fields.map(([key]) => [key, value[key]])), revoked: value.revoked === true });
}

/** @param {unknown} holds @param {string} what */
function mustHold(holds, what) {
  if (!holds) throw new VademecumError("content", `the record head is damaged: ${what}`);
}

/** Whether these are one generation: a release that was fetched anew, merged or mended has other segments, or another time.
 * @param {InstalledRelease | null} a @param {InstalledRelease | null} b */
export function isSame(a, b) {
  return JSON.stringify({ ...a, revoked: null }) === JSON.stringify({ ...b, revoked: null });
}

/** One of the records that only save requests, or say how to go about them: a damaged one is begun anew.
 * @param {Uint8Array | undefined} bytes @returns {Promise<Record<string, any>>} */
export async function openRecord(bytes) {
  if (!bytes || !(await isSealed(bytes))) return {};
  try {
    return parseObject(bytes, "record");
  } catch (error) {
    if (error instanceof VademecumError) return {};
    throw error;
  }
}

/** A record with its seal. @param {object} value that has a field @returns {Promise<Uint8Array>} */
export async function encodeRecord(value) {
  const encoder = new TextEncoder();
  const text = JSON.stringify(value);
  return encoder.encode(`{"sha256":"${await sha256(encoder.encode(text))}",${text.slice(1)}`);
}
