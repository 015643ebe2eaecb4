// @ts-check
/**
 * `<vademecum-search url="/kb/">`: a search for people over a `KnowledgeBase` (site/content/apps.md). A button that
 * opens a dialog, or, with the attribute `inline`, a form in the page.
 *
 * Attributes: `url` of the published tree (default: the one that this file is of; in a bundle it is needed), `trust`: address of the root that
 * the app ships, `inline` (an input that stands inside is taken over with what was typed), `theme` (`light`, `dark`, `auto`; default: the page's `color-scheme`), `lang` (of it, or of
 * what it stands in; default: the visitor's), `label`, `placeholder`, `address`: the query stands in the page's, `hotkeys="off"`,
 * `filters` and `prefer`, in JSON, as `search` takes them (`{"version": "1.0"}`), `facets`: fields of the metadata to narrow by (`"version tags"`), `badges`: fields to show beside these, `why`: the rank of each hit by words and by meaning,
 * `preview`: see the option of `KnowledgeBase`.
 *
 * Whatever a document, a host or a reader has written becomes a text node, and never markup.
 */

import { fetchFirst, folderAbove } from "./net/transport.mjs";
import { element } from "./ui/dom.mjs";
import { Search } from "./ui/search.mjs";
import { CSS, sized } from "./ui/style.mjs";
import { addTexts, wordingFor } from "./ui/texts.mjs";
import { buildView } from "./ui/view.mjs";
import { KnowledgeBase } from "./vademecum.mjs";

export { addTexts };

const MAX_ROOT = 500_000;
const ELEMENT_FROM = import.meta.url;

/** On a server, where Next, Nuxt, Astro and SvelteKit import it as well, there are no elements: the tag is rendered as text, and begins in the browser. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

export class VademecumSearch extends Base {
  /** What answers: made from the attributes when it is needed, or the app's own.
   * @type {import("./vademecum.d.mts").KnowledgeBase | null} */
  knowledgeBase = this.knowledgeBase ?? null; // an app may have set it before this class was there
  #own = false;
  /** The app was told of this one. @type {import("./vademecum.d.mts").KnowledgeBase | null} */ #told = null;
  /** @type {((search: Search) => void)[]} */ #later = [];
  /** @type {Search | null} */ #search = null;
  /** The language of the page, as the search was drawn. @type {string | undefined} */ #language;
  #languages = globalThis.MutationObserver && new MutationObserver(() => this.#reword());
  /** @param {KeyboardEvent} event */
  #hotkey = (event) => this.getAttribute("hotkeys") !== "off" && this.#search?.hotkey(event);

  /** Outside, the target is the element: to a theme with keys of its own, `s` in the field is no typing.
   * @param {Event} event */
  #keep(event) {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.ctrlKey || key.metaKey || key.altKey) return;
    if (key.type === "keydown") this.#hotkey(key);
    if (!this.#search?.leaves(key)) key.stopPropagation();
  }

  /** A page of one app, which turns to another version, say. */
  static observedAttributes = ["facets", "badges", "filters", "prefer", "why"];

  attributeChangedCallback() {
    this.#search?.want(this.#wanted());
  }

  async connectedCallback() {
    if (!this.shadowRoot) await this.#build(this.attachShadow({ mode: "open" }));
    if (!this.isConnected) return;
    // Before the page's own keys: Sphinx takes every `/`.
    addEventListener("keydown", this.#hotkey, true);
    for (const tree of [document, this.getRootNode()]) this.#languages.observe(tree, { subtree: true, attributeFilter: ["lang"] });
    this.#search?.listen();
    if (this.hasAttribute("inline")) this.#search?.start();
    await this.#reword();
    for (const act of this.#later.splice(0)) this.#do(act);
  }

  disconnectedCallback() {
    removeEventListener("keydown", this.#hotkey, true);
    this.#languages.disconnect();
    this.#search?.deafen();
    queueMicrotask(() => this.isConnected || this.#end()); // one that is only moved is connected again at once
  }

  /** What stands in the field; setting it asks. */
  get query() {
    return this.#search?.query ?? "";
  }

  set query(text) {
    this.#do((search) => (search.query = text));
  }

  /** Open the dialog, or bring the field into focus. */
  open() {
    this.#do((search) => search.open());
  }

  /** A short message at the foot. @param {string} text @param {{label?: string, act?: () => void, stay?: boolean}} [options] */
  tell(text, options) {
    this.#do((search) => search.tell(text, options));
  }

  /** Who has just made the element need not wait until its texts have come. @param {(search: Search) => void} act */
  #do(act) {
    if (this.#search) act(this.#search);
    else this.#later.push(act);
  }

  /** @param {ShadowRoot} root */
  async #build(root) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS); // where the page's policy allows no inline style, this is none
    root.adoptedStyleSheets = [sheet];
    sheet.replaceSync(sized(parseFloat(getComputedStyle(this).fontSize)));
    for (const kind of ["keydown", "keyup", "keypress"]) root.addEventListener(kind, (event) => this.#keep(event));
    this.#begin(root, await this.#wording());
    const { field } = /** @type {Search} */ (this.#search).config.view;
    const before = this.querySelector("input"); // somebody may have begun to type
    if (before) field.value = before.value;
    if (this.hasAttribute("autofocus") || before?.matches(":focus")) field.focus();
    before?.remove();
  }

  /** @param {ShadowRoot} root @param {import("./ui/texts.mjs").Wording} wording */
  #begin(root, wording) {
    const modal = !this.hasAttribute("inline");
    const label = this.getAttribute("label") ?? wording.say("search");
    const view = buildView(wording, { modal, label, placeholder: this.getAttribute("placeholder") ?? label });
    root.replaceChildren(element("div", { class: "root", lang: wording.language, dir: wording.direction }, view.nodes));
    const base = new URL(this.getAttribute("url") ?? folderAbove(ELEMENT_FROM), document.baseURI);
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    const make = async () => {
      const before = this.#told;
      this.#told = this.knowledgeBase ??= this.#make(base);
      if (this.#told !== before) this.dispatchEvent(new CustomEvent("vademecum-start", { detail: this.#told }));
      return this.#told;
    };
    const address = this.hasAttribute("address");
    this.#search = new Search({ view, wording, base, modal, address, make, ...this.#wanted() });
  }

  /** The language of what it stands in, beyond a shadow root, too. */
  get #lang() {
    /** @type {Element | undefined} */ let at = this;
    let lang;
    while (at && !lang) {
      lang = at.closest("[lang]")?.getAttribute("lang");
      at = /** @type {ShadowRoot} */ (at.getRootNode()).host;
    }
    return lang || undefined;
  }

  #wording() {
    this.#language = this.#lang;
    return wordingFor(...(this.#language ? [this.#language] : navigator.languages));
  }

  /** A page of one app has turned to another language: the search is drawn anew in it, and asked what it was asked. */
  async #reword() {
    if (!this.#search || this.#lang === this.#language) return;
    const turn = this.#lang;
    const wording = await this.#wording();
    if (turn !== this.#language) return; // it has turned again meanwhile
    const { query, begun, config: { view, wording: old } } = this.#search;
    if (wording.language === old.language || !this.isConnected) return this.#search.want(this.#wanted());
    const [open, focused] = [view.dialog.open, view.field.matches(":focus")];
    this.#search.deafen();
    this.#search.end();
    this.#begin(/** @type {ShadowRoot} */ (this.shadowRoot), wording);
    this.#search.listen();
    if (begun) this.#search.start();
    if (query) this.query = query;
    if (open || focused) this.open();
  }

  /** What each search has and shows, as the attributes say it now. */
  #wanted() {
    const [facets, badges = []] = ["facets", "badges"].map((name) => this.#names(name));
    const [filters, prefer] = ["filters", "prefer"].map((name) => this.#said(name) ?? {}); // an app that has none to say may write null
    prefer.lang ??= this.#lang ?? navigator.language;
    return { facets, badges, filters, prefer, why: this.hasAttribute("why") };
  }

  /** What an attribute says in JSON; what is none, is told to whoever sets up the page. @param {string} name
   * @param {string} [such] an example @returns {any} */
  #said(name, such = '{"version": "1.0"}') {
    try {
      return JSON.parse(this.getAttribute(name) ?? "null");
    } catch (error) {
      console.error(`<vademecum-search ${name}="...">, which has to be JSON as ${such}, is left out: ${error}`);
    }
  }

  /** Names apart by spaces, or, where one has a space, a list in JSON. @param {string} name @returns {string[] | undefined} */
  #names(name) {
    const text = this.getAttribute(name);
    return text?.startsWith("[") ? this.#said(name, '["net price"]') : text?.split(/\s+/u).filter(Boolean);
  }

  /** Without the root of trust nothing is verified: what another file says in its place is not believed. What is installed
   * is searched without it. @param {URL} base */
  #make(base) {
    const source = this.getAttribute("trust");
    /** @type {Promise<string> | undefined} */ let root;
    const trust = source === null ? null : () => (root ??= fetchFirst([new URL(source, document.baseURI).href], "", MAX_ROOT).then(
      (data) => new TextDecoder().decode(data),
      (error) => {
        root = undefined; // it is asked for again
        throw error;
      },
    ));
    this.#own = true;
    const kb = new KnowledgeBase({ url: base.href, trust, preview: this.hasAttribute("preview") });
    kb.on("updateFailed", (failure) => this.#explain(kb, base, failure));
    return kb;
  }

  /** Where nothing could be had, to whoever sets up the page. @param {import("./vademecum.d.mts").KnowledgeBase} kb @param {URL} base @param {{code: string, message: string}} failure */
  async #explain(kb, base, { code, message }) {
    if ((await kb.getStatus()).installed) return;
    const guessed = this.hasAttribute("url") || code === "signature" ? "" : '; it has no url="...": in a bundle, or elsewhere than in client/ of the published tree, it needs that tree\'s address';
    console.error(`<vademecum-search> asked ${base.href} for a knowledge base, and got none: ${message}${guessed}`);
  }

  #end() {
    this.#search?.end();
    if (!this.#own) return;
    this.knowledgeBase?.close();
    this.knowledgeBase = null;
  }
}

if (globalThis.customElements?.get("vademecum-search") === undefined) globalThis.customElements?.define("vademecum-search", VademecumSearch);
