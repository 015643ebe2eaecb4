// @ts-check
/** JSON from the store, read as strictly as strict_json.py reads it: what one side refuses, the other does too. */

import { VademecumError } from "../errors.mjs";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_DEPTH = 32;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;
const SURROGATE = /\p{Surrogate}/u;

/**
 * @param {Uint8Array} bytes UTF-8 without a byte order mark
 * @param {string} what names the input in errors
 * @returns {Record<string, any>}
 */
export function parseObject(bytes, what) {
  /** @type {any} */
  let value;
  try {
    const text = DECODER.decode(bytes);
    value = JSON.parse(text, requireSound);
    requireFlat(text);
  } catch (error) {
    throw new VademecumError("content", `${what}: not the JSON that was expected (${/** @type {Error} */ (error).message})`);
  }
  if (!isObject(value)) throw new VademecumError("content", `${what}: expected an object`);
  return value;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @param {number} low
 * @returns {value is number}
 */
export function isInteger(value, low = 0) {
  return Number.isInteger(value) && Number(value) >= low && Number(value) <= 2 ** 53 && !Object.is(value, -0);
}

/**
 * @param {string} key
 * @param {unknown} value
 */
function requireSound(key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError("too large a number");
  if (SURROGATE.test(key) || (typeof value === "string" && SURROGATE.test(value))) throw new SyntaxError("a lone surrogate");
  return value;
}

/**
 * Refuse keys that stand twice in one object, and deep nesting.
 * @param {string} text JSON that was parsed
 */
function requireFlat(text) {
  /** @type {(Set<string> | null)[]} the keys of each open object; null for a list */
  const open = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") last = token;
    else if (open.at(-1)?.size === open.at(-1)?.add(JSON.parse(last)).size) throw new SyntaxError("a key stands twice");
    if (open.length > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH}`);
  }
}
