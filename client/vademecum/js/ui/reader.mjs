// @ts-check
/** The reader: a whole document out of the local index, with or without a network. */

import { element, outside, safeUrl } from "./dom.mjs";
import { draw } from "./draw.mjs";

/**
 * @typedef {import("../vademecum.d.mts").Passage} Part
 * @typedef {import("../vademecum.d.mts").KnowledgeDocument} Document
 * @typedef {{dialog: HTMLDialogElement, title: HTMLElement, link: HTMLAnchorElement, text: HTMLElement}} Parts
 */

const LEVELS = /** @type {const} */ (["h3", "h4", "h5", "h6"]);

export class DocumentReader {
  /** @param {Parts} parts @param {URL} base @param {() => void} closed called when the reader was closed, however that was done
   * @param {(target: {keys: string[], anchor: string}, href: string) => void} follow called for a link that may lead to a document
   * @param {(metadata: Record<string, any>) => Node[]} badges */
  constructor(parts, base, closed, follow, badges) {
    this.parts = parts;
    this.base = base;
    this.badges = badges;
    parts.dialog.addEventListener("close", closed);
    closeOnBackdrop(parts.dialog);
    parts.text.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[data-document]") : null;
      if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      follow(JSON.parse(link.getAttribute("data-document") ?? ""), /** @type {HTMLAnchorElement} */ (link).href);
    });
  }

  /** @param {Document} page @param {Set<string>} words that are marked @param {string} [passage] id of the chunk to begin at */
  open(page, words, passage) {
    const { dialog, title, link, text } = this.parts;
    const context = { place: page, base: this.base, words };
    title.textContent = page.title || page.key;
    const href = safeUrl(page.url, this.base);
    link.hidden = href === null;
    if (href) link.href = href;
    const notes = this.badges(page.metadata);
    text.replaceChildren(...(notes.length > 0 ? [element("div", { class: "notes" }, notes)] : []), ...page.chunks.flatMap((part, index) => section(part, page.chunks[index - 1], context, passage)));
    if (!dialog.open) dialog.showModal();
    const start = text.querySelector("[data-passage]");
    if (start) start.scrollIntoView({ block: "start" });
    else text.scrollTop = 0;
    text.focus({ preventScroll: true });
  }

  close() {
    if (this.parts.dialog.open) this.parts.dialog.close();
  }
}

/** @param {HTMLDialogElement} dialog */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener("click", (event) => {
    const inside = event.target instanceof Element && event.target.closest("[data-close]");
    if (event.target === dialog || inside) dialog.close();
  });
}

/** The headings that begin with this part, then its text. @param {Part} part @param {Part | undefined} before
 * @param {import("./draw.mjs").Context} context @param {string | undefined} passage id of a chunk */
function section(part, before, context, passage) {
  const shared = part.headings.findIndex((heading, depth) => heading !== before?.headings[depth]);
  const fresh = shared < 0 ? [] : part.headings.slice(shared);
  const headings = fresh.map((heading, index) => outside(LEVELS[shared + index] ?? "h6", {}, [heading]));
  const drawn = draw(part.markdown, context);
  const nodes = [...headings, ...drawn];
  if (part.id === passage) {
    nodes[0]?.setAttribute("data-passage", "");
    for (const node of drawn) node.classList.add("found");
  }
  return nodes;
}
