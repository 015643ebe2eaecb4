// @ts-check
/** A chunk's text as nodes: what was written is what is shown. Only elements and text; addresses are checked. */

import { follows, parseMarkup } from "../format/markup.mjs";
import { marksOf } from "../search/excerpt.mjs";
import { element, marked, outside, safeUrl } from "./dom.mjs";

/**
 * @typedef {import("../format/markup.mjs").Run} Run
 * @typedef {import("../format/markup.mjs").Block} Block
 * @typedef {{list: HTMLElement, depth: number}} OpenList
 * @typedef {{key: string, url: string}} Place the document that the text is of
 * @typedef {{place: Place, base: URL, words: Set<string>}} Context `words` are marked
 */

/** @param {string} markdown a chunk's text (site/content/format.md, section 4.5) @param {Context} context @returns {HTMLElement[]} */
export function draw(markdown, context) {
  /** @type {HTMLElement[]} */
  const drawn = [];
  /** @type {OpenList[]} outermost first */
  let lists = [];
  /** @type {Block | undefined} */
  let last;
  for (const block of parseMarkup(markdown)) {
    const goesOn = last !== undefined && follows(last, block);
    if (!goesOn) lists = [];
    if (block.kind === "paragraph") drawn.push(outside("p", {}, inline(block.runs, context)));
    else if (block.kind === "code") drawn.push(code(block, context));
    else if (block.kind === "row") {
      if (!goesOn) drawn.push(element("div", { class: "scroll", tabindex: "0" }, [element("table")]));
      drawn[drawn.length - 1].firstElementChild?.append(row(block, context));
    } else {
      const list = listFor(block, lists);
      if (lists.length === 1 && !list.hasChildNodes()) drawn.push(list);
      const item = outside("li", {}, inline(block.runs, context));
      if (block.number !== null) item.value = block.number;
      list.append(item);
    }
    last = block;
  }
  return drawn;
}

/** The list that an item belongs to: of its depth and kind, or a new one in the item above. @param {{depth: number, number: number | null}} item
 * @param {OpenList[]} lists */
function listFor({ depth, number }, lists) {
  const name = number === null ? "ul" : "ol";
  while ((lists.at(-1)?.depth ?? 0) > depth) lists.pop();
  const last = lists.at(-1);
  if (last?.depth === depth && last.list.localName === name) return last.list;
  if (last?.depth === depth) lists.pop();
  const list = element(name);
  lists.at(-1)?.list.lastElementChild?.append(list);
  lists.push({ list, depth });
  return list;
}

/** @param {{text: string, language: string}} block @param {Context} context */
function code({ text, language }, { words }) {
  return element("pre", { tabindex: "0", dir: "ltr" }, [element("code", language ? { class: `language-${language}` } : {}, marked(text, marksOf(text, words)))]);
}

/** @param {{cells: Run[][], header: boolean}} block @param {Context} context */
function row({ cells, header }, context) {
  return element("tr", {}, cells.map((cell) => outside(header && cell.length > 0 ? "th" : "td", {}, inline(cell, context))));
}

/** @param {Run[]} runs @param {Context} context @returns {(Node | string)[]} */
function inline(runs, context) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  for (let at = 0; at < runs.length; ) {
    const { link } = runs[at];
    let end = at + 1;
    while (end < runs.length && runs[end].link === link) end++;
    const group = runs.slice(at, end).flatMap((run) => styled(run, context));
    const href = link && address(link, context);
    nodes.push(...(href ? [anchor(link, href, group, context)] : group));
    at = end;
  }
  return nodes;
}

/** @param {Run} run @param {Context} context @returns {(Node | string)[]} */
function styled(run, context) {
  let nodes = run.image ? image(run, context) : marked(run.text, marksOf(run.text, context.words));
  if (run.code) nodes = [element("code", {}, nodes)];
  if (run.emphasis) nodes = [element("em", {}, nodes)];
  if (run.strong) nodes = [element("strong", {}, nodes)];
  return nodes;
}

/** An image of the page's own origin. The page's policy asks no other host: there it is a link, named by its text. @param {Run} run
 * @param {Context} context @returns {(Node | string)[]} */
function image({ image: source, text: alt, link }, context) {
  const src = address(source, context);
  if (src && new URL(src).origin === context.base.origin) return [element("img", { src, alt, loading: "lazy" })];
  return src && !link ? [element("a", { href: src, rel: "noopener" }, [alt || source])] : [alt || source];
}

/** @param {string} link @param {string} href @param {(Node | string)[]} nodes @param {Context} context */
function anchor(link, href, nodes, { place }) {
  const target = documentOf(link, place.key);
  return element("a", { href, rel: "noopener", ...(target && { "data-document": JSON.stringify(target) }) }, nodes);
}

/** Where a link leads outside of the reader, or null: nowhere. @param {string} link @param {Context} context */
function address(link, { place, base }) {
  if (/^mailto:/i.test(link)) return link;
  const page = safeUrl(place.url, base);
  return safeUrl(link, page ? new URL(page) : new URL(`?doc=${encodeURIComponent(place.key)}`, base));
}

/** The document that a relative address may mean: its key, likeliest first, and the anchor in it; null: it is not relative. @param {string} link
 * @param {string} key of the document that it stands in @returns {{keys: string[], anchor: string} | null} */
export function documentOf(link, key) {
  // Of several sources each has a name, which its keys begin with; pages link to pages of their own.
  const [, source = "", own = ""] = /^([a-z0-9][a-z0-9-]*:)?(.*)$/s.exec(key) ?? [];
  try {
    const url = new URL(link, `base:///${own.split("/").map(encodeURIComponent).join("/")}`);
    if (url.protocol !== "base:" || url.host !== "") return null;
    const path = decodeURIComponent(url.pathname.slice(1));
    const anchor = decodeURIComponent(url.hash.slice(1));
    const ends = path !== "" && !path.endsWith("/") ? ["", ".md", ".html", "/index.html"] : ["index.html", "index.md"];
    const keys = ends.map((end) => path + end);
    if (path.endsWith("/")) keys.push(`${path.slice(0, -1)}.md`);
    return { keys: [...keys.map((one) => source + one), ...(source && keys)], anchor };
  } catch {
    return null; // an address that cannot be joined or decoded: it leads where the browser thinks
  }
}
