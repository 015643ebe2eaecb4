// @ts-check
/** From keys pressed to hits shown: the field, the list below it, and the reader. */

import { Address } from "./address.mjs";
import { safeUrl } from "./dom.mjs";
import { drawBadges, Facets } from "./facets.mjs";
import { isHotkey } from "./hotkey.mjs";
import { Nearby } from "./nearby.mjs";
import { Options } from "./options.mjs";
import { Panel } from "./panel.mjs";
import { closeOnBackdrop } from "./reader.mjs";
import { Reading } from "./reading.mjs";
import { drawRecent, Recent } from "./recent.mjs";
import { drawHits, remarks } from "./results.mjs";
import { State } from "./state.mjs";

/**
 * @typedef {import("../vademecum.d.mts").KnowledgeBase} KnowledgeBase
 * @typedef {object} Config
 * @property {import("./view.mjs").View} view
 * @property {import("./texts.mjs").Wording} wording
 * @property {URL} base addresses of documents are relative to it
 * @property {boolean} modal the view is a dialog
 * @property {boolean} address the query stands in the page's address
 * @property {boolean} why each hit says how words and meaning have ranked it
 * @property {import("../vademecum.d.mts").SearchOptions["filters"]} filters that each search has
 * @property {Record<string, string>} prefer what each search prefers
 * @property {string[] | undefined} facets the fields to narrow by, where the page says so
 * @property {string[]} badges further fields to show
 * @property {() => Promise<KnowledgeBase>} make what answers; called when it is needed
 */

const DEBOUNCE_MS = 30;
const ANNOUNCE_MS = 700;
const BONES_MS = 150;
const SHOWN_AT_ONCE = 20;
/** The `keyCode` of a key that went to what composes: Safari ends a composition before it tells of the Enter that did so. */
const IN_COMPOSITION = 229;
/** The words of what was just installed are being read: it is asked again so soon, in milliseconds. */
const AGAIN_MS = 400;

export class Search {
  /** @type {KnowledgeBase | null} */ #kb = null;
  /** @type {State | null} */ #state = null;
  /** @type {Promise<unknown> | null} */ #started = null;
  /** Counts searches: an answer that is not of the last one is dropped. */
  #asked = 0;
  #limit = SHOWN_AT_ONCE;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */ #timers = new Map();
  /** @type {Promise<unknown>} the last search */ #answered = Promise.resolve();
  /** @type {Address | null} */ #address = null;
  /** That the document of the page's address is not there, till something else is asked. */
  #gone = "";

  /** @param {Config} config */
  constructor(config) {
    const { view, base } = config;
    this.config = config;
    this.options = new Options(view.field, view.list);
    this.facets = new Facets(view.facets, () => this.#search());
    this.recent = new Recent(base.href);
    this.nearby = new Nearby();
    this.reading = new Reading(view.reader, base, async (key) => this.#kb?.document(key), (metadata) => drawBadges(metadata, config.badges, config.wording));
    view.field.addEventListener("input", (event) => isUnfinished(/** @type {InputEvent} */ (event)) || this.#typed());
    view.field.addEventListener("compositionend", () => this.#typed());
    view.field.addEventListener("focus", () => this.start());
    view.form.addEventListener("submit", (event) => event.preventDefault());
    view.form.addEventListener("keydown", (event) => this.#pressed(event));
    view.clear.addEventListener("click", () => (config.modal ? view.dialog.close() : this.#clear()));
    view.load.addEventListener("click", () => this.#more());
    view.open.addEventListener("click", () => this.open());
    view.list.addEventListener("click", () => this.recent.add(this.query));
    view.list.addEventListener("touchmove", () => view.field.blur(), { passive: true }); // the keyboard would cover the last hits
    view.typed.addEventListener("click", () => {
      this.query = this.#asTyped;
      view.field.focus();
    });
    view.forget.addEventListener("click", () => (this.recent.forget(), this.#search()));
    closeOnBackdrop(view.dialog);
    view.list.addEventListener("click", (event) => this.#followed(event));
    view.reader.dialog.addEventListener("click", (event) => this.#followed(event));
  }

  /** The same question, of which no word is taken for another. */
  get #asTyped() {
    return `"${this.query.replace(/["“”„«»]/gu, "")}"`;
  }

  get query() {
    return this.config.view.field.value.trim();
  }

  set query(text) {
    this.config.view.field.value = text;
    this.#typed();
  }

  /** Open the dialog, or bring the field into focus. Within what is hidden, as a folded menu, nobody would see it, and the
   * page behind would be dead. @returns {boolean} whether it is seen */
  open() {
    const { view, modal } = this.config;
    if (modal && !view.dialog.open) view.dialog.showModal();
    if (view.field.getClientRects().length === 0) {
      view.dialog.close();
      return false;
    }
    view.field.focus();
    view.field.select();
    this.start();
    return true;
  }

  /** From now on the page's keys and its address count. */
  listen() {
    const { view, address } = this.config;
    if (!address) return;
    this.#address = this.reading.address = new Address((at) => this.#goTo(at));
    view.field.value ||= this.#address.now.query;
  }

  deafen() {
    this.#address?.end();
  }

  /** Where the page stays as it is, since the link leads to a passage of it, or an app's router takes it, dialogs would
   * cover what was found; and the browser marks the words where it sees them first. @param {MouseEvent} event */
  #followed(event) {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { dialog, reader } = this.config.view;
    const leave = () => [reader.dialog, dialog].forEach((open) => open.close());
    if (link.href.split("#")[0] === location.href.split("#")[0]) leave();
    else setTimeout(() => event.defaultPrevented && leave());
  }

  end() {
    this.#state?.end();
    this.#kb = this.#started = null;
  }

  /** Somebody has asked, or will. */
  get begun() {
    return this.#started !== null;
  }

  start() {
    this.#started ??= this.#open().catch((error) => {
      this.end(); // the next try begins anew
      this.#rest();
      this.#fail(`${this.config.wording.error(error.code)} (${error.message})`);
    });
    return this.#started;
  }

  async #open() {
    const { view, wording, make } = this.config;
    const kb = (this.#kb = await make());
    const opened = kb.initialize();
    this.#state = new State(kb, view, wording, () => this.#changed());
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
    this.#limit = SHOWN_AT_ONCE;
    this.#gone = "";
    this.config.view.announce.textContent = ""; // what it says is of another query
    this.options.move(-1);
    this.#later("ask", DEBOUNCE_MS, () => this.#ask());
  }

  #ask() {
    this.#timers.delete("ask");
    this.#address?.asked(this.query);
    this.config.view.announce.scrollIntoView({ block: "nearest" }); // it stands above the hits: the first are to be seen
    this.#answered = this.#search();
  }

  /** Ask again, with what the page says now. @param {Pick<Config, "filters" | "prefer" | "facets" | "badges" | "why">} said */
  want(said) {
    Object.assign(this.config, said);
    if (this.query !== "") this.#search();
  }

  #more() {
    this.#limit += SHOWN_AT_ONCE;
    this.#search();
  }

  #clear() {
    this.query = "";
    this.config.view.field.focus();
  }

  async #search() {
    const { config: { view, wording, modal, facets, ...page }, query } = this;
    const mine = ++this.#asked;
    if (!modal) view.clear.hidden = view.field.value === "";
    view.key.hidden = view.field.value !== "";
    view.welcome.hidden = query !== "";
    if (query === "") return this.#showRecent();
    if (!view.recent.hidden) this.options.show([]); // former searches are no hits
    view.recent.hidden = view.forget.hidden = true;
    this.#later("bones", BONES_MS, () => (view.bones.hidden = view.list.hasChildNodes()));
    if (!this.#kb) return this.start(); // which asks
    try {
      const filters = { ...page.filters, ...this.facets.filters };
      const hits = await this.#kb.search(query, { limit: this.#limit, prefer: page.prefer, facets, filters });
      for (const [name, meant] of Object.entries(hits.unsaid)) console.warn(`<vademecum-search filters="...">: no document has ${name}` + (meant && `; is ${meant} meant?`));
      await this.nearby.look(hits.map(({ link }) => safeUrl(link, this.config.base)));
      if (mine !== this.#asked) return;
      this.#show(hits, query);
      if (hits.preparing) this.#later("again", AGAIN_MS, () => mine === this.#asked && this.#search());
    } catch (error) {
      if (mine !== this.#asked) return;
      const { code } = /** @type {any} */ (error);
      this.#rest();
      this.options.show([]);
      this.facets.show({}, wording);
      this.#fail(code === "empty" ? "" : wording.error(code)); // the first download tells of itself
      view.bones.hidden = code !== "empty" || !view.install.act.hidden; // nothing is on its way
    }
  }

  /** @param {import("./results.mjs").Results} hits @param {string} query */
  #show(hits, query) {
    const { view, wording, base, why } = this.config;
    this.#rest();
    this.reading.words = new Set(hits.words);
    const badges = new Set([...this.facets.show(hits.facets, wording), ...this.config.badges]);
    this.options.show(drawHits(hits, { wording, base, badges, why, nearby: this.nearby, query, read: ({ document, id }) => this.reading.read(document, id) }));
    view.welcome.hidden = hits.length > 0; // what there is, is offered
    view.load.hidden = hits.length < this.#limit || hits.length === hits.total;
    const told = this.#state?.installed?.documents === 0 ? [wording.say("results.empty")] : remarks(hits, query, wording);
    this.#say([this.#gone, ...told].filter(Boolean).join(" · "));
    view.typed.hidden = !hits.meant;
    view.typed.textContent = wording.say("results.typed", { query: this.#asTyped });
    const said = hits.length > 0 ? "results.said" : "results.none";
    this.#later("announce", ANNOUNCE_MS, () => (view.announce.textContent = wording.say(said, { count: hits.total, query })));
  }

  /** Nothing is asked: what was asked before is offered. */
  #showRecent() {
    const { view, wording } = this.config;
    this.#rest();
    this.#say(this.#gone);
    this.facets.show({}, wording);
    view.load.hidden = true;
    const queries = this.recent.all;
    view.recent.hidden = view.forget.hidden = queries.length === 0;
    this.options.show(drawRecent(queries, (query) => {
      this.query = query;
      view.field.focus();
    }));
  }

  #rest() {
    const { view } = this.config;
    for (const timer of ["bones", "announce"]) clearTimeout(this.#timers.get(timer));
    view.bones.hidden = view.recent.hidden = view.forget.hidden = view.typed.hidden = true;
  }

  /** @param {string} text */
  #say(text) {
    const { message } = this.config.view;
    message.textContent = text;
    message.hidden = text === "";
  }

  /** What went wrong is also told to those who do not see it. @param {string} text */
  #fail(text) {
    this.#say(text);
    this.config.view.announce.textContent = text;
  }

  /** @param {string} name @param {number} delay @param {() => void} act */
  #later(name, delay, act) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(act, delay));
  }

  /** @param {Address["now"]} at */
  async #goTo({ query, document: key, passage }) {
    this.config.view.field.value = query;
    this.#gone = "";
    if (key === "") this.reading.close();
    await this.#search(); // it says what is marked
    if (key === "" || (await this.reading.show(key, passage))) return;
    const sequence = this.#state?.installed?.sequence; // of none: it may come
    if (!sequence) return;
    this.#gone = this.config.wording.say("document.none", { document: key, sequence });
    await this.#search();
  }

  /** Another release answers: what is asked is asked of it, and what was not there yet may be. */
  #changed() {
    const at = this.#address?.now;
    return at?.document && !this.config.view.reader.dialog.open ? this.#goTo(at) : this.#search();
  }

  // The keyboard ------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.keyCode === IN_COMPOSITION) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.options.at < 0 && matchMedia("(hover: none)").matches) return this.config.view.field.blur(); // a phone: the keyboard goes, the hits are seen
      if (this.#timers.has("ask")) this.#ask();
      this.#answered.then(() => this.options.open(event));
    } else if (event.key === "Escape" && !this.config.modal && this.config.view.field.value !== "") {
      event.preventDefault(); // a dialog of the page, which this stands in, is left by the next one
      this.#clear();
    } else if (plain && this.options.pressed(event.key)) event.preventDefault();
  }

  /** Whether Escape has nothing to close or to clear in here: it is the page's, for a dialog that this stands in.
   * @param {KeyboardEvent} event */
  leaves(event) {
    const { dialog, panel, reader } = this.config.view;
    return event.key === "Escape" && !event.defaultPrevented && ![dialog, panel, reader.dialog].some(({ open }) => open);
  }

  /** @param {KeyboardEvent} event wherever the page's focus is */
  hotkey(event) {
    if (!isHotkey(event, this.config.view) || !this.open()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/** Whether what is being composed is no word yet: kana, pinyin, the accent of a dead key. A syllable of Hangul is one, and
 * keyboards of Android compose whatever is typed. @param {InputEvent} event */
function isUnfinished({ isComposing, data }) {
  return isComposing && !/^\p{Script=Hangul}*$/u.test(data ?? "") && !/Android/u.test(navigator.userAgent);
}
