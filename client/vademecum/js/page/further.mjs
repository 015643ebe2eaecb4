// @ts-check
/** Further hits of a document: made of what the worker sent, but only when somebody looks at them, which few do. */

import { quoted } from "../search/excerpt.mjs";

/** @typedef {import("../vademecum.d.mts").Hit} Hit */
/** What differs between hits of one document. @typedef {Omit<Hit, "document" | "title" | "metadata" | "text" | "excerpt" | "marks" | "link" | "more">} Further */

/** The hits, each of them finished; those in `more` are made when it is read first.
 * @param {Hit[]} hits as a worker sends them @param {string[]} words that are marked in further ones @param {(hit: Hit) => void} finish */
export function withFurther(hits, words, finish) {
  for (const hit of hits) {
    finish(hit);
    const { document, title, metadata, more = [] } = hit;
    if (!more.length) continue;
    /** @type {Hit[] | undefined} */ let made;
    const make = (/** @type {Further} */ other) => {
      const { found, ...one } = { document, title, metadata, ...quoted(other, new Set(words)), ...other, more: [] };
      finish(one);
      return one;
    };
    Object.defineProperty(hit, "more", { get: () => (made ??= more.map(make)), set: (own) => (made = own), enumerable: true, configurable: true });
  }
  return hits;
}
