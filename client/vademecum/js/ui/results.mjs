// @ts-check
/** The hits as options of a listbox: what is shown of each, and where it leads. */

import { readerAddress } from "../net/transport.mjs";
import { marksOf } from "../search/excerpt.mjs";
import { MOST_MORE } from "../search/question.mjs";
import { element, marked, outside, safeUrl } from "./dom.mjs";
import { drawBadges } from "./facets.mjs";

/**
 * @typedef {import("../vademecum.d.mts").Hit} Hit
 * @typedef {import("../vademecum.d.mts").Results} Results
 * @typedef {{wording: import("./texts.mjs").Wording, base: URL, nearby: import("./nearby.mjs").Nearby, query: string, read: (hit: {document: string, id: string}) => void, badges: Iterable<string>, why: boolean}} Options
 *   `base`: addresses of documents are relative to it; `read` opens the reader; `badges`: fields of the metadata to show;
 *   `why`: ranks are shown, too
 * @typedef {Options & {words: Set<string>, alike: Set<string>}} Context `words`: what is marked; `alike`: titles of
 *   several documents
 */

/** As many other places are named before they are opened. */
const PLACES_NAMED = 4;
/** Letters before the first mark that are always shown. */
const LEAD = 40;

/** Nodes for a list of hits. Each option is a link, so that it opens in a new tab as links do; what a mouse may press
 * beside it, the keyboard does with Shift and Enter. @param {Results} hits @param {Options} options */
export function drawHits(hits, options) {
  const first = new Map([...hits].reverse().map(({ title, document }) => [title, document]));
  const alike = new Set(hits.filter(({ title, document }) => first.get(title) !== document).map(({ title }) => title));
  const context = { ...options, words: new Set(hits.words), alike };
  return hits.map((hit) => drawHit(hit, context));
}

/** What is to be said of the hits as a whole. @param {Results} hits @param {string} query @param {import("./texts.mjs").Wording} wording */
export function remarks(hits, query, wording) {
  const { length, total, unknown, meant, language, preview } = hits;
  const nearest = hits.nearest && !hits.some(({ why }) => why.words); // some were found by a word that is known
  const words = unknown.join(", ");
  const count = total > length ? [wording.say("results.count", { shown: wording.number(length), count: total })] : [];
  const apart = hits.nearest ? [wording.say("results.apart")] : [];
  const lacking = words === "" ? apart : language ? [] : [wording.say("results.unknown", { words })];
  const foreign = language ? [wording.say("results.language", { language: wording.named("lang", language) })] : [];
  const far = wording.say(words === "" ? "results.nearest" : "results.far", { words });
  const instead = meant ? [wording.say("results.meant", { query: meant })] : [];
  const found = [...instead, ...(nearest ? [far] : [...count, ...lacking])];
  const told = length > 0 ? [...foreign, ...found] : [wording.say("results.none", { query }), ...foreign];
  return preview ? [wording.say("preview"), ...told] : told;
}

/** The address of its own page; null where only the reader here shows it.
 * @param {{document: string, url: string, link?: string}} hit a hit, or another place of one @param {Options} options */
function pageOf({ document, url, link = url }, { base, nearby }) {
  const page = url === readerAddress(document, base) ? null : safeUrl(link, base);
  return page && nearby.of(page);
}

/** @param {Hit} hit @param {Context} context @returns {HTMLElement} */
function drawHit(hit, context) {
  const { wording } = context;
  const box = element("div", { class: "hit", part: "hit", "data-id": hit.id }, [option(hit, context)]);
  if (pageOf(hit, context)) {
    const here = element("button", { type: "button", class: "read", tabindex: "-1" }, [wording.say("results.read")]);
    here.addEventListener("click", () => context.read(hit));
    box.append(element("span", { "aria-hidden": "true" }, [here]));
  }
  if (hit.more.length > 0) {
    const label = wording.say(hit.more.length < MOST_MORE ? "results.more" : "results.many", { count: hit.more.length });
    box.append(unfolding(label, () => hit.more.map((more, i) => option(more, context, (hit.more[i - 1] ?? hit).heading))));
  }
  if (hit.places.length > 0) {
    const names = [...new Set(hit.places.map((place) => nameOf(place, hit, wording)))];
    const places = names.slice(0, PLACES_NAMED).join(", ") + (names.length > PLACES_NAMED ? ", …" : "");
    box.append(unfolding(wording.say("results.also", { places }), () => hit.places.map((place) => elsewhere(place, hit, context))));
  }
  return box;
}

/** An option in whose place others come. @param {string} label @param {() => HTMLElement[]} others */
function unfolding(label, others) {
  const made = outside("div", { role: "option", class: "more", "aria-selected": "false" }, [label]);
  made.addEventListener("click", () => {
    const shown = others();
    made.replaceWith(...shown);
    shown[0].dispatchEvent(new Event("vademecum-active", { bubbles: true }));
  });
  return made;
}

/** What tells another place of a hit: its version and its language, where these are others; else its title, or the folders that it lies in.
 * @param {import("../vademecum.d.mts").Place} place @param {Hit} hit @param {import("./texts.mjs").Wording} wording */
function nameOf({ version, lang, title, document }, { metadata, title: own }, wording) {
  const others = [version !== metadata.version && version, lang !== metadata.lang && wording.named("lang", lang)].filter(Boolean).join(" ");
  return others || (title !== own && title) || placeOf({ document, metadata: {} }).join(" › ") || document;
}

/** Another place of a hit: a version, a language, a mirror. @param {import("../vademecum.d.mts").Place} place @param {Hit} hit @param {Context} context */
function elsewhere(place, hit, context) {
  const { title, document } = place;
  const name = nameOf(place, hit, context.wording);
  return link(place, context, "", [
    outside("span", { class: "path" }, [title || document, ...(name === title ? [] : [element("span", { class: "badge" }, [name])])]),
  ]);
}

/** @param {Hit} hit @param {Context} context @param {string} [above] heading of the hit above it on the same page: it is not said again */
function option(hit, context, above) {
  const { wording } = context;
  const say = (/** @type {string} */ text) => marked(text, marksOf(text, context.words));
  const place = above === undefined && context.alike.has(hit.title) ? placeOf(hit) : [];
  const heading = hit.heading === hit.title ? "" : hit.heading;
  const path = [...place, ...heading.split(" › ")].filter(Boolean); // of an address a part is empty
  const titled = above === undefined ? [outside("span", { class: "title", part: "title" }, say(hit.title || hit.document))] : [];
  const below = path.length > 0 && hit.heading !== above ? [outside("span", { class: "path", part: "path" }, separated(path.map(say)))] : [];
  const ofPage = above === undefined ? [...drawBadges(hit.metadata, context.badges, wording), ...age(hit, context)] : [];
  const notes = [...ofPage, ...(context.why ? why(hit, context) : [])];
  return link(hit, context, hit.id, [
    ...titled, ...below, outside("span", { class: "text", part: "excerpt" }, quote(hit)),
    ...(notes.length > 0 ? [element("span", { class: "notes" }, notes)] : []),
  ]);
}

/** Where a page is that is called as another one: what it says itself, else the folders
 * that it lies in, without the name of its source. @param {Pick<Hit, "document" | "metadata">} page */
function placeOf({ document, metadata: { breadcrumbs } }) {
  return Array.isArray(breadcrumbs) && breadcrumbs.length > 0 ? breadcrumbs.map(String) : document.replace(/^[^/]*:/u, "").split("/").slice(0, -1);
}

/** The excerpt; what stands long before its first mark is apart: a phone, which has room for three lines, leaves it out.
 * @param {Hit} hit */
function quote({ excerpt, marks }) {
  const before = excerpt.lastIndexOf(" ", Math.max(0, (marks[0]?.[0] ?? 0) - LEAD)) + 1;
  const rest = marked(excerpt.slice(before), marks.map(([start, stop]) => [start - before, stop - before]));
  return before > 0 ? [element("span", { class: "lead" }, [excerpt.slice(0, before)]), ...rest] : rest;
}

/** An option that leads to a page, and without a network, or with Shift, to the reader; where it has no page of its own
 * to the reader, in a new tab to that of the tree's search page. @param {{document: string, url: string, link?: string}} place
 * @param {Context} context @param {string} id of the passage to begin at @param {Node[]} children */
function link(place, context, id, children) {
  const address = pageOf(place, context);
  const attributes = { role: "option", class: "open", "aria-selected": "false", tabindex: "-1" };
  const read = place.url && place.url + "&q=" + encodeURIComponent(context.query) + (id && "#" + id); // none of an app's own documents
  const href = address ?? safeUrl(read, context.base);
  const made = href ? element("a", { ...attributes, href, "data-page": href.replace(/#?:~:.*/, "") }, children) : element("div", attributes, children);
  made.addEventListener("click", (/** @type {Event} */ event) => {
    const { shiftKey = false, ctrlKey = false, metaKey = false } = event instanceof MouseEvent ? event : {};
    if (href && navigator.onLine && !shiftKey && (address || ctrlKey || metaKey)) return;
    event.preventDefault();
    context.read({ document: place.document, id });
  });
  return made;
}

/** How old it is, where it says so. @param {Hit} hit @param {Context} context */
function age({ metadata: { updated } }, { wording }) {
  if (typeof updated !== "string" || Number.isNaN(Date.parse(updated))) return [];
  const attributes = { class: "age", part: "age", datetime: updated, title: wording.moment(updated) };
  return [element("time", attributes, [wording.ago(updated, Date.now())])];
}

/** Which arm found it, and as which of its hits. @param {Hit} hit @param {Context} context */
function why({ why: ranks }, { wording }) {
  const told = /** @type {const} */ (["words", "meaning"]).filter((arm) => ranks[arm]);
  const texts = told.map((arm) => wording.say(`why.${arm}`, { rank: Number(ranks[arm]) }));
  return texts.length > 0 ? [element("span", { class: "why", part: "why", title: wording.say("why") }, [texts.join(" · ")])] : [];
}

/** A heading path, its parts kept apart by an arrow. @param {(Node | string)[][]} path */
function separated(path) {
  return path.flatMap((nodes, index) => (index === 0 ? nodes : [element("span", { class: "sep" }, [" › "]), ...nodes]));
}
