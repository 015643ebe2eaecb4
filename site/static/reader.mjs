// @ts-check
/** The reader: a whole document out of the local index, with or without a network. */

import { byId, element, marked, safeUrl } from "./dom.mjs";
import { mark, queryWords } from "./excerpt.mjs";

/**
 * @typedef {{id: string, headings: string[], anchor: string, text: string}} Part
 * @typedef {{key: string, title: string, url: string, chunks: Part[]}} Document
 */

const LEVELS = /** @type {const} */ (["h2", "h3", "h4", "h5", "h6"]);

export class Reader {
  /** @param {URL} base @param {() => void} closed called when the reader was closed, however that was done */
  constructor(base, closed) {
    this.base = base;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("reader"));
    this.dialog.addEventListener("close", closed);
    closeOnBackdrop(this.dialog);
  }

  /**
   * @param {Document} page
   * @param {string} query whose words are marked
   * @param {string} [passage] id of the chunk to begin at
   */
  open(page, query, passage) {
    const words = queryWords(query);
    byId("reader-title").textContent = page.title || page.key;
    const link = /** @type {HTMLAnchorElement} */ (byId("reader-link"));
    const href = safeUrl(page.url, this.base);
    link.hidden = href === null;
    if (href) link.href = href;
    const body = byId("reader-text");
    body.replaceChildren(...page.chunks.flatMap((part, index) => section(part, page.chunks[index - 1], words, passage)));
    if (!this.dialog.open) this.dialog.showModal();
    const start = body.querySelector("[data-passage]");
    if (start) start.scrollIntoView({ block: "start" });
    else body.scrollTop = 0;
    body.focus({ preventScroll: true });
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }
}

/** @param {HTMLDialogElement} dialog */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener("click", (event) => {
    const inside = event.target instanceof Element && event.target.closest("[data-close]");
    if (event.target === dialog || inside) dialog.close();
  });
}

/**
 * The headings that begin with this part, then its paragraphs.
 * @param {Part} part
 * @param {Part | undefined} before
 * @param {string[]} words
 * @param {string | undefined} passage id of a chunk
 */
function section(part, before, words, passage) {
  const shared = part.headings.findIndex((heading, depth) => heading !== before?.headings[depth]);
  const fresh = shared < 0 ? [] : part.headings.slice(shared);
  const headings = fresh.map((heading, index) => element(LEVELS[shared + index] ?? "h6", {}, [heading]));
  const paragraphs = part.text.split(/\n{2,}/u).filter((text) => text.trim() !== "").map((text) =>
    element("p", {}, marked(mark(text, words))));
  const nodes = [...headings, ...paragraphs];
  if (part.id === passage) {
    nodes[0]?.setAttribute("data-passage", "");
    for (const paragraph of paragraphs) paragraph.classList.add("found");
  }
  return nodes;
}
