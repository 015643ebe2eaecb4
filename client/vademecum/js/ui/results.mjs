// @ts-check
/** The hits as options of a listbox: what is shown of each, and where it leads. */

import { readerAddress } from "../net/transport.mjs";
import { element, marked, outside, safeUrl } from "./dom.mjs";
import { excerpt, mark, queryWords } from "./excerpt.mjs";

/**
 * @typedef {import("../vademecum.d.mts").Hit & {
 *   excerpt?: string, marks?: [number, number][], more?: Hit[], why?: {words: number | null, meaning: number | null},
 * }} Hit what a knowledge base gives; an older one lacks the last four
 * @typedef {import("./excerpt.mjs").Piece} Piece
 * @typedef {{wording: import("./texts.mjs").Wording, base: URL, read: (hit: Hit) => void, badges: string[]}} Context
 *   `base`: addresses of documents are relative to it; `read` opens the reader; `badges`: fields of the metadata to show
 */

const PHRASE_WORDS = 4;

/**
 * Nodes for a list of hits. Each option is a link, so that it opens in a new tab as links do; what a mouse may press
 * beside it, the keyboard does with Shift and Enter.
 * @param {Hit[]} hits
 * @param {string} query
 * @param {Context} context
 */
export function drawHits(hits, query, context) {
  const words = queryWords(query);
  return hits.map((hit) => drawHit(hit, words, context));
}

/** The address of its own page; null where only the reader here shows it. @param {Hit} hit @param {Context} context */
function pageOf(hit, { base }) {
  return hit.url === readerAddress(hit.document, base) ? null : safeUrl(hit.url, base);
}

/** @param {Hit} hit @param {string[]} words @param {Context} context @returns {HTMLElement} */
function drawHit(hit, words, context) {
  const box = element("div", { class: "hit", part: "hit", "data-id": hit.id }, [option(hit, words, context)]);
  const { wording } = context;
  if (pageOf(hit, context)) {
    const here = element("button", { type: "button", class: "read", tabindex: "-1" }, [wording.say("results.read")]);
    here.addEventListener("click", () => context.read(hit));
    box.append(element("span", { "aria-hidden": "true" }, [here]));
  }
  if (hit.more?.length) box.append(theOthers(hit.more, words, context));
  return box;
}

/** The other hits of a document, behind an option that says how many. @param {Hit[]} hits @param {string[]} words @param {Context} context */
function theOthers(hits, words, context) {
  const label = context.wording.say("results.more", { count: hits.length });
  const opener = element("div", { role: "option", class: "more", "aria-selected": "false" }, [label]);
  opener.addEventListener("click", () => {
    const shown = hits.map((hit) => option({ ...hit, title: "" }, words, context));
    opener.replaceWith(...shown);
    shown[0].dispatchEvent(new Event("vademecum-active", { bubbles: true }));
  });
  return opener;
}

/** @param {Hit} hit @param {string[]} words @param {Context} context @returns {HTMLElement} */
function option(hit, words, context) {
  const found = hit.excerpt === undefined ? excerpt(hit.text, words) : cut(hit.excerpt, hit.marks ?? []);
  const address = pageOf(hit, context);
  const attributes = { role: "option", class: "open", "aria-selected": "false", tabindex: "-1" };
  const made = address ? element("a", { ...attributes, href: deepLink(address, found) }) : element("div", attributes);
  const title = hit.title || hit.document;
  const path = hit.heading.split(" › ").filter(Boolean);
  if (hit.title !== "" || path.length === 0) made.append(outside("span", { class: "title", part: "title" }, marked(mark(title, words))));
  if (path.length > 0) made.append(outside("span", { class: "path", part: "path" }, separated(path.map((part) => mark(part, words)))));
  made.append(outside("span", { class: "text", part: "excerpt" }, marked(found)));
  const notes = [...badges(hit, context), ...why(hit, context)];
  if (notes.length > 0) made.append(element("span", { class: "notes" }, notes));
  made.addEventListener("click", (/** @type {Event} */ event) => {
    const here = event instanceof MouseEvent && event.shiftKey;
    if (address && navigator.onLine && !here) return;
    event.preventDefault();
    context.read(hit);
  });
  return made;
}

/** @param {Hit} hit @param {Context} context */
function badges({ metadata = {} }, context) {
  const values = context.badges.map((field) => metadata[field]).filter((value) => typeof value === "string" || typeof value === "number");
  return values.map((value) => outside("span", { class: "badge", part: "badge" }, [String(value)]));
}

/** Which arm found it, and as which of its hits. @param {Hit} hit @param {Context} context */
function why({ why: ranks }, { wording }) {
  const told = ranks ? /** @type {const} */ (["words", "meaning"]).filter((arm) => ranks[arm]) : [];
  const texts = told.map((arm) => wording.say(`why.${arm}`, { rank: Number(ranks?.[arm]) }));
  return texts.length > 0 ? [element("span", { class: "why", part: "why" }, [texts.join(" · ")])] : [];
}

/** A text in pieces, these stretches marked. @param {string} text @param {[number, number][]} marks @returns {Piece[]} */
export function cut(text, marks) {
  /** @type {Piece[]} */ const pieces = [];
  let at = 0;
  for (const [start, end] of marks) {
    if (start > at) pieces.push({ text: text.slice(at, start), marked: false });
    pieces.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}

/**
 * The address with a text fragment (WICG, URL Fragment Text Directives): the page's own text is marked from the first
 * marked word on. Where the page has no such words, the anchor leads as before.
 * @param {string} href
 * @param {Piece[]} pieces
 */
export function deepLink(href, pieces) {
  const first = pieces.findIndex((piece) => piece.marked);
  if (first < 0) return href;
  const line = pieces.slice(first).map((piece) => piece.text).join("").split(/[\n…]/u)[0];
  const phrase = line.trim().split(/\s+/u).slice(0, PHRASE_WORDS).join(" ").replace(/[\p{P}\s]+$/u, "");
  if (phrase === "" || /\p{Cs}/u.test(phrase)) return href; // half of a character has no address
  // A hyphen and a comma mean something in a directive; encodeURIComponent leaves the first as it is.
  return `${href}${href.includes("#") ? "" : "#"}:~:text=${encodeURIComponent(phrase).replaceAll("-", "%2D")}`;
}

/** A heading path, its parts kept apart by an arrow. @param {Piece[][]} path */
function separated(path) {
  return path.flatMap((part, index) => {
    const nodes = marked(part);
    return index === 0 ? nodes : [element("span", { class: "sep" }, [" › "]), ...nodes];
  });
}
