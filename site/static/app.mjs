// @ts-check
/** The search page: from keys pressed to hits shown. State lives in the address (`?q=`, `&doc=`). */

import { KnowledgeBase } from "../client/vademecum.mjs";
import { byId, element } from "./dom.mjs";
import { Reader } from "./reader.mjs";
import { Results } from "./results.mjs";
import { StatusView } from "./status.mjs";
import { errorText } from "./words.mjs";

const DEBOUNCE_MS = 30;
const ANNOUNCE_MS = 700;
const HITS = 20;
const base = new URL(".", document.baseURI);

const input = /** @type {HTMLInputElement} */ (byId("query"));
const trust = await fetchText("assets/trust.json").catch(goNoFurther);
const kb = new KnowledgeBase({ url: base.href, trust, autoUpdate: true });
const opened = kb.initialize();
const status = new StatusView(kb, () => search());
const results = new Results(byId("results"), base, (hit) => openReader(hit.document, hit.id));
const reader = new Reader(base, () => readerClosed(), followLink);

/** Counts searches: an answer that is not of the last one is dropped. */
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let debounce;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let announcement;

/** @param {string} path */
async function fetchText(path) {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${response.url}: the host answered ${response.status}`);
  return response.text();
}

/**
 * Without the root of trust there is no search: what another file says in its place is not believed.
 * @returns {Promise<never>} that never comes: the rest of this module waits for it
 */
function goNoFurther() {
  sayNothing(errorText("network"));
  return new Promise(() => {});
}

async function search() {
  const query = input.value.trim();
  const mine = ++asked;
  byId("clear").hidden = input.value === "";
  byId("key").hidden = input.value !== "";
  byId("welcome").hidden = query !== "";
  if (query === "") return show([], query);
  try {
    await opened;
    const hits = await kb.search(query, { limit: HITS, prefer: { lang: navigator.language } });
    if (mine === asked) show(hits, query);
  } catch (error) {
    if (mine !== asked) return;
    show([], "");
    // Before the first release is installed the box about the download says it all.
    const { code } = /** @type {any} */ (error);
    if (code !== "empty") sayNothing(errorText(code));
  }
}

/** @param {import("./results.mjs").Hit[]} hits @param {string} query */
function show(hits, query) {
  results.show(hits, query);
  sayNothing(query !== "" && hits.length === 0 ? `Nothing found for “${query}”. Try fewer or other words.` : "");
  clearTimeout(announcement);
  if (query !== "") {
    const count = hits.length === 1 ? "1 result" : `${hits.length || "No"} results`;
    announcement = setTimeout(() => (byId("announce").textContent = `${count} for ${query}`), ANNOUNCE_MS);
  }
}

/** @param {string} text */
function sayNothing(text) {
  byId("nothing").textContent = text;
  byId("nothing").hidden = text === "";
}

// The address: a query can be shared, and "back" goes back

/** @param {Record<string, string>} parameters */
function address(parameters) {
  const url = new URL(location.href);
  url.search = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "")).toString();
  return url.href;
}

/** The first letter makes a new entry in the history; the following ones change it. */
function rememberQuery() {
  const known = new URLSearchParams(location.search).get("q") ?? "";
  const href = address({ q: input.value.trim() });
  if (href === location.href) return;
  if (known === "" || input.value.trim() === "") history.pushState(null, "", href);
  else history.replaceState(null, "", href);
}

async function followAddress() {
  const parameters = new URLSearchParams(location.search);
  input.value = parameters.get("q") ?? "";
  const key = parameters.get("doc");
  if (!key) reader.close();
  const [found] = await Promise.all([key ? kb.document(key).catch(() => null) : null, search()]);
  if (found) reader.open(found, input.value, location.hash.slice(1));
}

/** @param {string} key @param {string} passage id of a chunk */
async function openReader(key, passage) {
  const found = await kb.document(key);
  if (!found) return;
  history.pushState({ reader: true }, "", `${address({ q: input.value.trim(), doc: key })}#${passage}`);
  reader.open(found, input.value, passage);
}

/**
 * A link in the reader leads to the document that it means, or where it says.
 * @param {{keys: string[], anchor: string}} target
 * @param {string} href
 */
async function followLink({ keys, anchor }, href) {
  for (const key of keys) {
    const found = await kb.document(key);
    if (found) return openReader(key, found.chunks.find((chunk) => chunk.anchor === anchor)?.id ?? "");
  }
  location.assign(href);
}

/** Closing goes back to the entry before, if this page made the one for the reader. */
function readerClosed() {
  if (!new URLSearchParams(location.search).has("doc")) return;
  if (history.state?.reader) history.back();
  else history.replaceState(null, "", address({ q: input.value.trim() }).split("#")[0]);
}

// The keyboard

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  const typing = document.activeElement === input;
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (slash || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) focusQuery(event);
  else if (event.key === "Escape") clear();
  else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) move(event, 0);
  else if (results.position() >= 0) pressedInResults(event);
}

/** @param {KeyboardEvent} event */
function pressedInResults(event) {
  const at = results.position();
  if (event.key === "ArrowDown") move(event, at + 1);
  else if (event.key === "ArrowUp" && at > 0) move(event, at - 1);
  else if (event.key === "ArrowUp") focusQuery(event);
  else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) goOnTyping();
}

/** The letter that is being pressed goes behind the query. */
function goOnTyping() {
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}

/** @param {Event} event @param {number} index */
function move(event, index) {
  if (results.focus(index)) event.preventDefault();
}

/** @param {Event} event */
function focusQuery(event) {
  event.preventDefault();
  input.focus();
  input.select();
}

function clear() {
  input.value = "";
  typed();
  input.focus();
}

function typed() {
  clearTimeout(debounce);
  debounce = setTimeout(() => {
    rememberQuery();
    search();
  }, DEBOUNCE_MS);
}

// The page

async function offerExamples() {
  /** @type {string[]} */
  const examples = await fetchText("assets/examples.json").then(JSON.parse).catch(() => []); // a page that is left, too
  const items = examples.map((example) => {
    const button = element("button", { type: "button" }, [example]);
    button.addEventListener("click", () => {
      input.value = example;
      typed();
      input.focus();
    });
    return element("li", {}, [button]);
  });
  byId("examples").querySelector("ul")?.replaceChildren(...items);
  byId("examples").hidden = items.length === 0;
}

/** Keeps the page for the time without a network. Browsers offer it on https and localhost only. */
async function registerWorker() {
  const registration = await navigator.serviceWorker.register(new URL("sw.js", base), { scope: base.pathname }).catch(() => null);
  if (!registration) return; // a privacy setting: the page works, but only with a network
  const offerReload = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    status.tell("A newer version of this page is here.", { label: "Reload", act: () => reload(registration), stay: true });
  };
  offerReload();
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => next.state === "installed" && offerReload());
  });
  kb.on("updateCompleted", () => registration.active?.postMessage("keep-runtime"));
}

/** @param {ServiceWorkerRegistration} registration */
function reload(registration) {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting?.postMessage("activate");
}

input.addEventListener("input", typed);
byId("clear").addEventListener("click", clear);
document.querySelector("form")?.addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", pressed);
addEventListener("popstate", () => followAddress());

async function start() {
  input.value ||= new URLSearchParams(location.search).get("q") ?? "";
  try {
    await opened;
  } catch (error) {
    sayNothing(`${errorText(/** @type {any} */ (error).code)} (${/** @type {Error} */ (error).message})`);
    return;
  }
  await Promise.all([status.refresh(), search()]);
  if (new URLSearchParams(location.search).has("doc")) await followAddress();
}

start();
offerExamples();
if ("serviceWorker" in navigator) registerWorker();
