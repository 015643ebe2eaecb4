// @ts-check
/** The small records of the store, read (site/content/format.md, section 8). Python writes them, but for `mode` and `retry`. */

import { VademecumError } from "../errors.mjs";
import { isInteger, isObject, parseObject } from "../format/json.mjs";

export const HEAD_FORMAT = 1;
const MAX_TEXT = 1000;

/**
 * @typedef {object} InstalledRelease
 * @property {number} sequence
 * @property {string} version
 * @property {number} documents
 * @property {number} chunks
 * @property {number} dimensions
 * @property {string} built ISO time
 * @property {string} installed ISO time
 * @property {string} epoch
 * @property {string} digest
 * @property {string} encoder
 * @property {string[]} segments
 */
/**
 * @typedef {object} Head
 * @property {number} format
 * @property {InstalledRelease | null} current
 * @property {InstalledRelease | null} previous
 * @property {number | null} pinned
 * @property {number[]} refused
 */

/** @type {Head} */
const NOTHING = { format: HEAD_FORMAT, current: null, previous: null, pinned: null, refused: [] };

/**
 * @param {Uint8Array | undefined} bytes the record `head`
 * @returns {Head}
 */
export function decodeHead(bytes) {
  if (!bytes) return NOTHING;
  const { format, current = null, previous = null, pinned = null, refused } = parseObject(bytes, "head");
  require(isInteger(format, 1), "format");
  if (format > HEAD_FORMAT) {
    const found = `the store has format ${format}, this app reads ${HEAD_FORMAT}`;
    throw new VademecumError("newer-format", `${found}: reload the page or update the app`);
  }
  require(pinned === null || isInteger(pinned), "pinned");
  require(Array.isArray(refused) && refused.every((sequence) => isInteger(sequence)), "refused");
  return { format, current: release(current, "current"), previous: release(previous, "previous"), pinned, refused };
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {InstalledRelease | null}
 */
function release(value, name) {
  if (value === null) return null;
  require(isObject(value), name);
  const found = /** @type {Record<string, any>} */ (value);
  for (const key of ["sequence", "dimensions"]) require(isInteger(found[key], 1), `${name}.${key}`);
  for (const key of ["documents", "chunks"]) require(isInteger(found[key]), `${name}.${key}`);
  for (const key of ["version", "built", "installed"]) require(isText(found[key]), `${name}.${key}`);
  for (const key of ["digest", "encoder"]) require(isDigest(found[key]), `${name}.${key}`);
  require(/^[0-9a-f]{16}$/.test(found.epoch) && isText(found.epoch), `${name}.epoch`);
  require(Array.isArray(found.segments) && found.segments.every(isDigest), `${name}.segments`);
  const { sequence, version, documents, chunks, dimensions, built, installed, epoch, digest, encoder, segments } = found;
  return { sequence, version, documents, chunks, dimensions, built, installed, epoch, digest, encoder, segments };
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string" && [...value].length <= MAX_TEXT;
}

/** @param {unknown} value */
function isDigest(value) {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/**
 * @param {unknown} holds
 * @param {string} what
 */
function require(holds, what) {
  if (!holds) throw new VademecumError("content", `the record head is damaged: ${what}`);
}

/**
 * Whether these are one generation: a release that was fetched anew, merged or mended has other segments, or another time.
 * @param {InstalledRelease | null} a
 * @param {InstalledRelease | null} b
 */
export function isSame(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * One of the records that only save requests, or say how to go about them: a damaged one is begun anew.
 * @param {Uint8Array | undefined} bytes
 * @returns {Record<string, any>}
 */
export function decodeRecord(bytes) {
  if (!bytes) return {};
  try {
    return parseObject(bytes, "record");
  } catch (error) {
    if (error instanceof VademecumError) return {};
    throw error;
  }
}

/**
 * @param {object} value
 * @returns {Uint8Array}
 */
export function encodeRecord(value) {
  return new TextEncoder().encode(JSON.stringify(value));
}
