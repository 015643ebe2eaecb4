// A knowledge base that a test plays: the page's own behaviour, without an index, Python or time.
import { excerptOf } from "./search/excerpt.mjs";
import { wordsOf } from "./search/tokens.mjs";

const PAGE = [
  "See [the **lost** keys](#lost), [evil](../evil.md), [outside](https://example.org/x) or [nowhere](gone.md).",
  "- one\n  1. `two`\n  2. three\n- four",
  "| Key |  |\n| --- | --- |\n| a\\|b | *sign* |",
  "```sh\nvade keys\n  renew\n```",
  "![a lamp](lamp.png) and ![far](https://example.org/far.png)",
].join("\n\n");
const EVIL = "<img src=x onerror=alert(1)> [a](javascript:alert\\(1\\)) [d](javascript:alert(1)) ![b](data:text/html,x) **open [c](vbscript:x)\n\n| a |\n\n```\n</code><script>x</script>";
const FIRST = "To rotate the release key, make a new one and sign a new root.\n\nThe old key stays valid for a day.";
export const DOCUMENTS = [
  {
    key: "guide/keys.md",
    title: "Keys and signing",
    url: "guide/keys.html",
    chunks: [
      { id: "00000000000000a1", headings: ["Rotate a key"], anchor: "rotate", text: FIRST },
      { id: "00000000000000a2", headings: ["Rotate a key", "Lost keys"], anchor: "lost", text: "A lost key is replaced." },
    ],
  },
  { key: "guide/page.md", title: "Page", url: "guide/page/", chunks: [{ id: "00000000000000c1", headings: [], anchor: "", text: "", markdown: PAGE }] },
  { key: "hostile.md", title: "Hostile", url: "hostile/", chunks: [{ id: "00000000000000d1", headings: [], anchor: "", text: "", markdown: EVIL }] },
  {
    key: "evil.md",
    title: "<img src=x onerror=\"document.title='broken'\"> key",
    url: "javascript:document.title='broken'",
    chunks: [{ id: "00000000000000b1", headings: ["<b>key</b>"], anchor: "", text: "<script>document.title='broken'</script> a key" }],
  },
];
const RELEASE = { sequence: 12, version: "v12", documents: 2, chunks: 3, dimensions: 8, epoch: "0123456789abcdef" };

/** What the search of today gives: 45 documents, each with two more hits, in two versions. */
function many(query, limit, filters) {
  const elsewhere = { 4: "https://docs.example/kb/release.html#ages", 5: "https://other.example/none.html", 6: "https://third.example/" };
  const hit = (n, part) => ({
    id: `${n}.${part}`, document: `m${n}.md`, title: `Page ${n}`, url: `m${n}.html`, link: elsewhere[n] ?? `m${n}.html#:~:text=many`, heading: `Part ${Math.min(part, 2)}`, text: "", score: 1 / n,
    excerpt: "The second of many words.", marks: [[14, 18]], why: { words: query.includes("near") ? null : part, meaning: part > 1 ? null : n }, metadata: { version: `v${n % 2}`, updated: n > 2 ? "soon" : "2020-05-01", "shop.price": 1000 + n / 2 },
    more: [], places: [],
  });
  const places = [{ document: "guide/keys.md", title: "Old keys", url: "old/keys.html", lang: "", version: "1.0" }, { document: "de.md", title: "Seite", url: new URL("../?doc=de.md", import.meta.url).href, lang: "de", version: "2.0" }, { document: "web:old/guide/m3.md", title: "Page 3", url: "old/m3.html", lang: "", version: "v1" }];
  const twin = (n) => (query.includes("twins") ? { title: "Usage", document: n === 3 ? "web:https://a.example/m" : `docs:guide/${n}/m.md`, ...(n === 2 && { metadata: { breadcrumbs: ["Manual", "Pumps"] } }) } : {});
  const hits = Array.from({ length: Math.min(limit, 45) }, (_, i) => ({ ...hit(i + 1, 1), ...twin(i + 1), ...(query.includes("named") && { heading: `Page ${i + 1}` }), more: Array.from({ length: i === 1 ? 10 : 2 }, (_, n) => hit(i + 1, n + 2)), places: i === 2 ? places : [] }));
  const price = Object.fromEntries(["on request", ...hits.map(({ metadata }) => metadata["shop.price"])].map((value) => [value, 1]));
  const kinds = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`kind ${i}`, 20 - i]));
  const facets = { ...(query.includes("wide") && { a: kinds, b: { x: 1, y: 2 }, c: { x: 1, y: 2 }, d: { x: 1, y: 2 } }), ...(query.includes("priced") && { "shop.price": price }), version: query.includes("versions") ? { 1: 9, "2.9": 30, "2.10": 6 } : filters?.version?.length === 1 ? { v0: 22 } : { v0: 22, v1: 23 }, lang: { en: 45 } };
  return results(hits, { total: 45, facets, unknown: query.includes("xyzzy") ? ["xyzzy"] : [], nearest: /near|vague/.test(query), language: query.includes("foreign") ? "fr" : "", words: ["many"], meant: query.includes("meny") ? "many" : "" });
}

function results(hits, told = {}) {
  return Object.assign(hits, { total: hits.length, facets: {}, unknown: [], unsaid: {}, nearest: false, preparing: false, words: [], meant: "", ...told });
}

/** Hits of all documents; marked is what begins with a word of the query. */
function all(query) {
  const asked = wordsOf(query);
  const hits = DOCUMENTS.filter(({ chunks }) => chunks[0].text).flatMap(({ key: document, title, url, chunks }) => chunks.map(({ id, headings, anchor, text }) =>
    ({ id, document, title, url: `${url}#${anchor}`, link: `${url}#${anchor}`, heading: headings.join(" › "), text: `${text} (${query})` })));
  const words = hits.flatMap(({ title, heading, text }) => wordsOf(`${title} ${heading} ${text}`)).filter((word) => asked.some((begin) => word.startsWith(begin)));
  const rest = { score: 0.5, metadata: {}, more: [], places: [], why: { words: null, meaning: null } };
  return results(hits.map((hit) => ({ ...hit, ...rest, ...excerptOf(hit.text, new Set(words)) })), { words });
}

export class KnowledgeBase {
  constructor(options) {
    const wanted = new URLSearchParams(location.search);
    this.options = options;
    this.listeners = {};
    this.calls = [];
    this.waiting = {};
    const built = new Date(Date.now() - 3 * 86_400_000 - 60_000).toISOString();
    const release = { ...RELEASE, built, installed: built };
    this.status = {
      state: "installed", mode: wanted.get("mode") ?? "automatic", installed: wanted.has("nothing") ? null : release,
      previous: { ...release, sequence: 11 }, pinned: null, refused: [], latest: null, offer: null, checked: null,
      policy: { mode: "automatic", channel: "stable", connection: "unmetered", maxUpdateBytes: null, leastDocuments: 0, activation: "now" },
      channels: ["beta", "stable"], reasons: {}, contacted: built, expires: null, expired: false, lastError: null,
    };
    globalThis.kb = this;
  }

  async initialize() {}

  on(name, listener) {
    (this.listeners[name] ??= []).push(listener);
    return () => (this.listeners[name] = this.listeners[name].filter((other) => other !== listener));
  }

  emit(name, detail, status = {}) {
    Object.assign(this.status, status);
    for (const listener of this.listeners[name] ?? []) listener(detail);
  }

  async search(query, { limit, filters, prefer, facets } = {}) {
    this.calls.push(`search ${query}`);
    this.asked = { limit, filters, prefer, facets };
    if (query.startsWith("wait")) await new Promise((resolve) => (this.waiting[query] = resolve));
    if (!this.status.installed) throw Object.assign(new Error("nothing"), { code: "empty" });
    if (query.startsWith("absent")) return results([]);
    if (query.startsWith("many")) return many(query, limit, filters);
    if (query.startsWith("unsaid")) return Object.assign(all(query), { unsaid: { versoin: "version" } });
    if (query.startsWith("soon")) return Object.assign(many(query, (this.readings = (this.readings ?? 0) + 1)), { preparing: this.readings < 3 });
    return all(query);
  }

  async document(key) {
    const found = this.status.installed && DOCUMENTS.find((document) => document.key === key);
    return found ? { ...found, metadata: { "shop.price": 1234.5, made: ["Oslo", "24", "true"] }, chunks: found.chunks.map((chunk) => ({ markdown: chunk.text, ...chunk })) } : null;
  }

  async close() {
    this.calls.push("close");
  }

  async getStatus() {
    return structuredClone(this.status);
  }

  async #call(name) {
    this.calls.push(name);
    if (this.failing) throw Object.assign(new Error(name), { code: this.failing });
  }

  update() {
    return this.#call("update");
  }

  async checkForUpdates() {
    await this.#call("checkForUpdates");
    return this.found ?? { available: false, decision: "wait" };
  }

  pin(sequence) {
    this.status.pinned = sequence;
    return this.#call(`pin ${sequence}`);
  }

  skip(sequence) {
    return this.#call(`skip ${sequence}`);
  }

  setPolicy(choices) {
    Object.assign(this.status.policy, choices);
    return this.#call(`setPolicy ${JSON.stringify(choices)}`);
  }

  rollback() {
    return this.#call("rollback");
  }

  setMode(mode) {
    this.status.mode = mode;
    return this.#call(`setMode ${mode}`);
  }
}
