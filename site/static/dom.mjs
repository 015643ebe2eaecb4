// @ts-check
/** Building pages out of untrusted text: nodes and textContent only, and addresses that are checked. */

/**
 * The element with this id. The page and its modules are published together, so a missing one is a mistake.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children] strings become text
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * Pieces of text as nodes, the marked ones inside `<mark>`.
 * @param {import("./excerpt.mjs").Piece[]} pieces
 * @returns {(Node | string)[]}
 */
export function marked(pieces) {
  return pieces.map((piece) => (piece.marked ? element("mark", {}, [piece.text]) : piece.text));
}

/**
 * An address that may stand in `href`: http, https or relative to the knowledge base; otherwise null.
 * @param {string | null | undefined} url
 * @param {URL} base
 */
export function safeUrl(url, base) {
  if (!url) return null;
  let full;
  try {
    full = new URL(url, base);
  } catch {
    return null;
  }
  return full.protocol === "http:" || full.protocol === "https:" ? full.href : null;
}
