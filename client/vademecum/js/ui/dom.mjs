// @ts-check
/** Building pages out of untrusted text: nodes and textContent only, and addresses that are checked. */

/** @template {keyof HTMLElementTagNameMap} K @param {K} name @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children] strings become text @returns {HTMLElementTagNameMap[K]} */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The same for text of documents, whose direction is its own. @template {keyof HTMLElementTagNameMap} K @param {K} name
 * @param {Record<string, string>} attributes @param {(Node | string)[]} children */
export function outside(name, attributes, children) {
  return element(name, { dir: "auto", ...attributes }, children);
}

/** A drawing of one line in a square of 24, which says nothing to those who do not see it. @param {string} path */
export function icon(path) {
  const [svg, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** A text as nodes, these stretches of it inside `<mark>`. @param {string} text @param {[number, number][]} marks from, to; rising
 * @returns {(Node | string)[]} */
export function marked(text, marks) {
  const nodes = marks.flatMap(([start, end], i) => [text.slice(marks[i - 1]?.[1] ?? 0, start), element("mark", {}, [text.slice(start, end)])]);
  return [...nodes, text.slice(marks.at(-1)?.[1] ?? 0)].filter((node) => node !== "");
}

/** An address that may stand in `href`: http, https or relative to the knowledge base; otherwise null. @param {string | null | undefined} url
 * @param {URL} base */
export function safeUrl(url, base) {
  if (!url || !URL.canParse(url, base)) return null;
  const { protocol, href } = new URL(url, base);
  return protocol === "http:" || protocol === "https:" ? href : null;
}
