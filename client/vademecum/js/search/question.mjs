// @ts-check
/** What may be asked, and whether a document says what a filter wants; search/question.py is the twin. */

import { VademecumError } from "../errors.mjs";
import { isObject } from "../format/json.mjs";
import { ARMS } from "./ranking.mjs";

export const MOST_HITS = 1000;
/** Further hits of a document that a hit names at most. */
export const MOST_MORE = 10;
export const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;
const RANGES = ["min", "max", "max,min"];

/** @typedef {string | number | boolean} Value */
/** @typedef {Record<string, Value | Value[] | {min?: string | number, max?: string | number}>} Filters */
/** @typedef {{query: string, limit: number, offset: number, mode: string, group: boolean, filters: Filters, prefer: Record<string, string>, facets?: string[]}} Question */

/** @param {Record<string, any>} args */
export function checkQuestion({ query, limit, offset, mode, filters, prefer, facets = [] }) {
  checkText("query", query);
  checkCount("limit", limit, 1);
  checkCount("offset", offset, 0);
  require(ARMS.includes(mode), "mode", `one of ${ARMS.join(", ")}`, mode);
  require(isObject(filters), "filters", "an object with a value for each field", filters);
  for (const [name, wanted] of Object.entries(filters)) {
    const good = isObject(wanted)
      ? RANGES.includes(Object.keys(wanted).sort().join()) && Object.values(wanted).every(kindOf)
      : [wanted].flat().every(kindOf);
    require(good, `filters: ${name}`, "a text, a number, true or false, a list of these, or min and max", wanted);
  }
  require(isObject(prefer) && Object.values(prefer).every((value) => typeof value === "string"), "prefer", "an object of texts", prefer);
  require(Array.isArray(facets) && facets.every((name) => typeof name === "string"), "facets", "a list of fields", facets);
}

/** The number of a chunk that a hit names. @param {unknown} id */
export function chunkOf(id) {
  require(typeof id === "string" && /^[0-9a-f]{16}$/.test(id), "id", "that of a hit, 16 hex digits", id);
  return BigInt(`0x${id}`);
}

/** @param {string} name @param {unknown} value */
export function checkText(name, value) {
  require(typeof value === "string", name, "a text", value);
}

/** @param {string} name @param {number} value @param {number} least */
export function checkCount(name, value, least) {
  require(Number.isInteger(value) && value >= least && value <= MOST_HITS, name, `from ${least} to ${MOST_HITS}${least ? "" : " (beyond, filters narrow a question)"}`, value);
}

/** @param {unknown} good @param {string} name @param {string} may @param {unknown} value */
function require(good, name, may, value) {
  if (good) return;
  throw new VademecumError("usage", `search: ${name} must be ${may}, not ${JSON.stringify(value)}`);
}

/** Whether what a document says, one value or a list of them, is what a filter wants.
 * @param {any} said @param {Filters[string]} wanted */
export function says(said, wanted) {
  const values = [said].flat();
  if (isObject(wanted)) return values.some((value) => liesWithin(value, /** @type {any} */ (wanted)));
  return values.some((value) => [wanted].flat().some((one) => isValue(value, /** @type {Value} */ (one))));
}

/** A value as facets name it, and as filters take it; empty: facets do not name it. @param {unknown} value */
export function textOf(value) {
  const plain = typeof value !== "number" || value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15); // without an exponent in both languages
  return kindOf(value) && plain ? String(value) : "";
}

/** A text may stand for a number, or for true and false: a command line has texts alone. @param {any} value @param {Value} wanted */
function isValue(value, wanted) {
  if (kindOf(value) === kindOf(wanted)) return value === wanted;
  if (typeof wanted !== "string") return false;
  return typeof value === "number" ? NUMBER.test(wanted) && Number(wanted) === value : typeof value === "boolean" && wanted === String(value);
}

/** Numbers by size, and texts that spell one beside numbers. @param {any} said @param {{min?: any, max?: any}} range */
function liesWithin(said, range) {
  const numbers = [said, range.min, range.max].some((one) => typeof one === "number");
  const value = numbers ? spelt(said) : said;
  const [min = value, max = value] = numbers ? [spelt(range.min), spelt(range.max)] : [range.min, range.max];
  return kindOf(value) !== "" && kindOf(value) === kindOf(min) && kindOf(value) === kindOf(max) && !isBelow(value, min) && !isBelow(max, value);
}

/** @param {any} value */
function spelt(value) {
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
}

/** Numbers by size, texts by code points, which is not the order of JavaScript's strings. @param {any} a @param {any} b */
function isBelow(a, b) {
  if (typeof a !== "string") return a < b;
  const [mine, its] = [[...a], [...b]];
  const at = mine.findIndex((letter, i) => letter !== its[i]);
  return at < 0 ? mine.length < its.length : at < its.length && codeOf(mine[at]) < codeOf(its[at]);
}

/** @param {string} letter */
function codeOf(letter) {
  return /** @type {number} */ (letter.codePointAt(0));
}

/** @param {unknown} value */
function kindOf(value) {
  return ["string", "number", "boolean"].includes(typeof value) ? typeof value : "";
}
