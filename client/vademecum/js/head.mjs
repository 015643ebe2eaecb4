// @ts-check
/** The small records of the store, read (site/content/format.md, section 8). Python writes them, but for `mode` and `retry`. */

import { VademecumError } from "./errors.mjs";

export const HEAD_FORMAT = 1;

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
  const head = { ...NOTHING, ...decodeRecord(bytes) };
  if (head.format > HEAD_FORMAT) {
    const found = `the store has format ${head.format}, this app reads ${HEAD_FORMAT}`;
    throw new VademecumError("newer-format", `${found}: reload the page or update the app`);
  }
  return head;
}

/**
 * @param {Uint8Array | undefined} bytes
 * @returns {Record<string, any>}
 */
export function decodeRecord(bytes) {
  return bytes ? JSON.parse(new TextDecoder().decode(bytes)) : {};
}

/**
 * @param {object} value
 * @returns {Uint8Array}
 */
export function encodeRecord(value) {
  return new TextEncoder().encode(JSON.stringify(value));
}
