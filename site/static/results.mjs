// @ts-check
/** The list of hits: what is shown, and how the keyboard moves through it. */

import { element, marked, safeUrl } from "./dom.mjs";
import { excerpt, mark, queryWords } from "./excerpt.mjs";

/**
 * @typedef {{id: string, document: string, title: string, heading: string, url: string, text: string, score: number}} Hit
 * @typedef {(hit: Hit) => void} Open
 */

export class Results {
  /**
   * @param {HTMLElement} list an `<ol>`
   * @param {URL} base addresses of documents are relative to it
   * @param {Open} read opens the reader
   */
  constructor(list, base, read) {
    this.list = list;
    this.base = base;
    this.read = read;
  }

  /**
   * Show these hits and no others.
   * @param {Hit[]} hits
   * @param {string} query
   */
  show(hits, query) {
    const words = queryWords(query);
    const focused = this.position();
    this.list.replaceChildren(...hits.map((hit) => this.#item(hit, words)));
    if (focused >= 0) this.focus(Math.min(focused, hits.length - 1));
  }

  /** @returns {HTMLElement[]} */
  targets() {
    return Array.from(this.list.querySelectorAll("[data-open]"));
  }

  /** Which hit has the focus, or -1. */
  position() {
    return this.targets().findIndex((target) => target.closest("li")?.contains(document.activeElement));
  }

  /** @param {number} index @returns {boolean} whether there is such a hit */
  focus(index) {
    const target = this.targets()[index];
    target?.focus();
    target?.closest("li")?.scrollIntoView({ block: "nearest" });
    return target !== undefined;
  }

  /** @param {Hit} hit @param {string[]} words */
  #item(hit, words) {
    /** @type {HTMLElement[]} */
    const parts = [element("h2", {}, [this.#title(hit, words)])];
    const path = hit.heading.split(/\u001f| › /u).filter(Boolean);
    if (path.length > 0) parts.push(element("p", { class: "path" }, separated(path.map((part) => mark(part, words)))));
    parts.push(element("p", { class: "text" }, marked(excerpt(hit.text, words))));
    if (safeUrl(hit.url, this.base)) parts.push(this.#readHere(hit));
    return element("li", { "data-id": hit.id }, parts);
  }

  /**
   * The title leads to the document's page; without one, or without a network, to the reader.
   * @param {Hit} hit
   * @param {string[]} words
   */
  #title(hit, words) {
    const href = safeUrl(hit.url, this.base);
    const name = marked(mark(hit.title || hit.document, words));
    if (!href) return this.#reads(element("button", { type: "button", "data-open": "" }, name), hit);
    const link = element("a", { href, "data-open": "" }, name);
    link.addEventListener("click", (event) => {
      if (navigator.onLine) return;
      event.preventDefault();
      this.read(hit);
    });
    return link;
  }

  /** @param {Hit} hit */
  #readHere(hit) {
    const label = `Read here: ${hit.title || hit.document}`;
    return this.#reads(element("button", { type: "button", class: "read", "aria-label": label }, ["Read here"]), hit);
  }

  /** @param {HTMLButtonElement} button @param {Hit} hit */
  #reads(button, hit) {
    button.addEventListener("click", () => this.read(hit));
    return button;
  }
}

/**
 * A heading path, its parts kept apart by an arrow.
 * @param {import("./excerpt.mjs").Piece[][]} path
 */
function separated(path) {
  return path.flatMap((part, index) => {
    const nodes = marked(part);
    return index === 0 ? nodes : [element("span", { class: "sep" }, [" › "]), ...nodes];
  });
}
