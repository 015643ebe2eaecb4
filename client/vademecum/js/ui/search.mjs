// @ts-check
/** From keys pressed to hits shown: the field, the list below it, and the reader. */

import { Address } from "./address.mjs";
import { outside } from "./dom.mjs";
import { Facets } from "./facets.mjs";
import { Options } from "./options.mjs";
import { Panel } from "./panel.mjs";
import { closeOnBackdrop, Reader } from "./reader.mjs";
import { Recent } from "./recent.mjs";
import { drawHits } from "./results.mjs";
import { State } from "./state.mjs";

/**
 * @typedef {import("../vademecum.d.mts").KnowledgeBase} KnowledgeBase
 * @typedef {import("./results.mjs").Hit} Hit
 * @typedef {Hit[] & {total?: number, facets?: import("./facets.mjs").Counts, unknown?: string[], nearest?: boolean, preparing?: boolean, preview?: boolean}} Hits
 *   an older knowledge base gives a plain list
 * @typedef {object} Surroundings
 * @property {import("./view.mjs").View} view
 * @property {import("./texts.mjs").Wording} wording
 * @property {URL} base addresses of documents are relative to it
 * @property {boolean} modal the view is a dialog
 * @property {boolean} address the query stands in the page's address
 * @property {() => Promise<KnowledgeBase>} make what answers; called when it is needed
 */

const DEBOUNCE_MS = 30;
const ANNOUNCE_MS = 700;
const BONES_MS = 150;
const PAGE = 20;
/** The words of what was just installed are being read: it is asked again so soon, in milliseconds. */
const AGAIN_MS = 400;

export class Search {
  /** @type {KnowledgeBase | null} */ #kb = null;
  /** @type {State | null} */ #state = null;
  /** @type {Promise<unknown> | null} */ #started = null;
  /** Counts searches: an answer that is not of the last one is dropped. */
  #asked = 0;
  #limit = PAGE;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */ #timers = new Map();
  /** @type {Promise<unknown>} the last search */ #answered = Promise.resolve();
  /** @type {Address | null} */ #address = null;

  /** @param {Surroundings} around */
  constructor(around) {
    const { view, base } = around;
    this.around = around;
    this.options = new Options(view.field, view.list);
    this.facets = new Facets(view.facets, () => this.#search());
    this.recent = new Recent(base.href);
    this.reader = new Reader(view.reader, base, () => this.#address?.closed(), (target, href) => this.#follow(target, href));
    view.field.addEventListener("input", () => this.#typed());
    view.field.addEventListener("focus", () => this.start());
    view.form.addEventListener("submit", (event) => event.preventDefault());
    view.form.addEventListener("keydown", (event) => this.#pressed(event));
    view.clear.addEventListener("click", () => (around.modal ? view.dialog.close() : this.#clear()));
    view.load.addEventListener("click", () => this.#more());
    view.open.addEventListener("click", () => this.open());
    view.list.addEventListener("click", () => this.recent.add(this.query));
    view.forget.addEventListener("click", () => this.#forget());
    closeOnBackdrop(view.dialog);
  }

  get query() {
    return this.around.view.field.value.trim();
  }

  set query(text) {
    this.around.view.field.value = text;
    this.#typed();
  }

  /** Open the dialog, or bring the field into focus. */
  open() {
    const { view, modal } = this.around;
    if (modal && !view.dialog.open) view.dialog.showModal();
    view.field.focus();
    view.field.select();
    this.start();
  }

  /** From now on the page's keys and its address count. */
  listen() {
    const { view, address } = this.around;
    if (!address) return;
    this.#address = new Address((at) => this.#goTo(at));
    view.field.value ||= this.#address.now.query;
  }

  deafen() {
    this.#address?.end();
  }

  end() {
    this.#state?.end();
    this.#kb = this.#started = null;
  }

  start() {
    this.#started ??= this.#open().catch((error) => {
      this.end(); // the next try begins anew
      this.#say(`${this.around.wording.error(error.code)} (${error.message})`);
    });
    return this.#started;
  }

  async #open() {
    const { view, wording, make } = this.around;
    const kb = (this.#kb = await make());
    const opened = kb.initialize();
    this.#state = new State(kb, view, wording, () => this.#search());
    new Panel(this.#state, view.panel, view.panelBody);
    await opened;
    await Promise.all([this.#state.refresh(), this.#search()]);
    if (this.#address?.now.document) await this.#goTo(this.#address.now);
  }

  /** A message at the foot: see `State.tell`. @param {string} text @param {Parameters<State["tell"]>[1]} [options] */
  async tell(text, options) {
    await this.start();
    this.#state?.tell(text, options);
  }

  // Searching ---------------------------------------------------------------------------------

  #typed() {
    this.#limit = PAGE;
    this.options.move(-1);
    this.#later("ask", DEBOUNCE_MS, () => this.#ask());
  }

  #ask() {
    this.#timers.delete("ask");
    this.#address?.asked(this.query);
    this.#answered = this.#search();
  }

  #more() {
    this.#limit += PAGE;
    this.#search();
  }

  #clear() {
    this.query = "";
    this.around.view.field.focus();
  }

  #forget() {
    this.recent.forget();
    this.#search();
  }

  async #search() {
    const { around: { view, wording, modal }, query } = this;
    const mine = ++this.#asked;
    if (!modal) view.clear.hidden = view.field.value === "";
    view.key.hidden = view.field.value !== "";
    view.welcome.hidden = query !== "";
    if (query === "" || !this.#kb) return this.#showRecent();
    this.#later("bones", BONES_MS, () => (view.bones.hidden = view.list.hasChildNodes()));
    try {
      const { filters } = this.facets;
      const prefer = { lang: navigator.language };
      const hits = await this.#kb.search(query, { limit: this.#limit, prefer, ...(filters && { filters }) });
      if (mine !== this.#asked) return;
      this.#show(hits, query);
      if (hits.preparing) this.#later("again", AGAIN_MS, () => mine === this.#asked && this.#search());
    } catch (error) {
      if (mine !== this.#asked) return;
      const { code } = /** @type {any} */ (error);
      this.#rest();
      this.options.show([]);
      this.#say(code === "empty" ? "" : wording.error(code)); // the first download tells of itself
      view.bones.hidden = code !== "empty";
    }
  }

  /** @param {Hits} hits @param {string} query */
  #show(hits, query) {
    const { view, wording, base } = this.around;
    this.#rest();
    const badges = this.facets.show(hits.facets ?? {}, wording);
    const read = (/** @type {Hit} */ hit) => this.#read(hit.document, hit.id);
    this.options.show(drawHits(hits, query, { wording, base, read, badges }));
    view.load.hidden = hits.length < this.#limit || hits.length === hits.total;
    this.#say(remarks(hits, query, wording).join(" · "));
    const said = hits.length > 0 ? "results.said" : "results.none";
    this.#later("announce", ANNOUNCE_MS, () => (view.announce.textContent = wording.say(said, { count: hits.total ?? hits.length, query })));
  }

  /** Nothing is asked: what was asked before is offered. */
  #showRecent() {
    const { view, wording } = this.around;
    this.#rest();
    this.#say("");
    this.facets.show({}, wording);
    view.load.hidden = true;
    const queries = this.recent.all;
    view.recent.hidden = queries.length === 0;
    this.options.show(queries.map((query) => {
      const option = outside("div", { role: "option", class: "open once", "aria-selected": "false" }, [query]);
      option.addEventListener("click", () => {
        this.query = query;
        view.field.focus();
      });
      return option;
    }));
  }

  #rest() {
    const { view } = this.around;
    for (const timer of ["bones", "announce"]) clearTimeout(this.#timers.get(timer));
    view.bones.hidden = view.recent.hidden = true;
  }

  /** @param {string} text */
  #say(text) {
    const { message } = this.around.view;
    message.textContent = text;
    message.hidden = text === "";
  }

  /** @param {string} name @param {number} delay @param {() => void} act */
  #later(name, delay, act) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(act, delay));
  }

  // Reading -----------------------------------------------------------------------------------

  /** @param {string} key @param {string} passage id of a chunk */
  async #read(key, passage) {
    const found = await this.#kb?.document(key);
    if (!found) return;
    this.#address?.reading(key, passage);
    this.reader.open(found, this.query, passage);
  }

  /**
   * A link in the reader leads to the document that it means, or where it says.
   * @param {{keys: string[], anchor: string}} target
   * @param {string} href
   */
  async #follow({ keys, anchor }, href) {
    for (const key of keys) {
      const found = await this.#kb?.document(key);
      if (found) return this.#read(key, found.chunks.find((chunk) => chunk.anchor === anchor)?.id ?? "");
    }
    location.assign(href);
  }

  /** @param {Address["now"]} at */
  async #goTo({ query, document: key, passage }) {
    this.around.view.field.value = query;
    if (key === "") this.reader.close();
    const [found] = await Promise.all([key === "" ? null : this.#kb?.document(key).catch(() => null), this.#search()]);
    if (found) this.reader.open(found, query, passage);
  }

  // The keyboard ------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.#timers.has("ask")) this.#ask();
      this.#answered.then(() => this.options.open(event));
    } else if (event.key === "Escape" && !this.around.modal) this.#clear();
    else if (plain && this.options.pressed(event.key)) event.preventDefault();
  }

  /** Ctrl/Cmd+K and `/`, wherever the page's focus is. @param {KeyboardEvent} event */
  hotkey(event) {
    const { panel, reader } = this.around.view;
    if (event.defaultPrevented || event.isComposing || panel.open || reader.dialog.open || document.querySelector("dialog[open]")) return;
    const [target] = event.composedPath();
    const typing = target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/u.test(target.localName));
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing;
    const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!slash && !k) return;
    event.preventDefault();
    this.open();
  }
}

/** What is to be said of the hits as a whole. @param {Hits} hits @param {string} query @param {import("./texts.mjs").Wording} wording */
function remarks({ length, total, nearest, unknown = [], preview }, query, wording) {
  const count = total !== undefined && total > length ? [wording.say("results.count", { count: total })] : [];
  const lacking = unknown.length > 0 ? [wording.say("results.unknown", { words: unknown.join(", ") })] : [];
  const found = nearest ? [wording.say("results.nearest")] : [...count, ...lacking];
  return [...(length > 0 ? found : [wording.say("results.none", { query })]), ...(preview ? [wording.say("preview")] : [])];
}
