// @ts-check
/** Text and JSON from the store. Python wrote it, strictly; here it is only seen to that it can be read. */

import { VademecumError } from "../errors.mjs";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {Uint8Array} bytes */
export function decodeText(bytes) {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new VademecumError("content", "a text that is not UTF-8");
  }
}

/** @param {Uint8Array} bytes @param {string} what names the input in errors @returns {Record<string, any>} */
export function parseObject(bytes, what) {
  try {
    const value = JSON.parse(decodeText(bytes));
    if (isObject(value)) return value;
  } catch {
    // told below: not even JSON
  }
  throw new VademecumError("content", `${what}: not the JSON object that was expected`);
}

/** @param {unknown} value @returns {value is Record<string, any>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
