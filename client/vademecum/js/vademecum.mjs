// @ts-check
/**
 * vademecum in a browser: a knowledge base that follows its published releases and is searched offline.
 *
 * This is the public face. On the page's thread there is nothing but messages to two workers (query.mjs answers,
 * worker.mjs runs Python when there is something to verify or install) and the idle check. The types are in
 * vademecum.d.mts.
 */

import { VademecumError } from "./errors.mjs";
import { parseMarkup } from "./format/markup.mjs";
import { fetchFirst, readerAddress } from "./net/transport.mjs";
import { Background, connection } from "./page/background.mjs";
import { Listeners } from "./page/events.mjs";
import { withFurther } from "./page/further.mjs";
import { readOptions, requireNone } from "./page/options.mjs";
import { openInstalled, Reader } from "./page/reader.mjs";
import { nothingNew, readStatus, versionOf } from "./page/status.mjs";
import { Tabs } from "./page/tabs.mjs";
import { encodeRecord, openRecord } from "./store/records.mjs";
import { IndexedStore } from "./store/store.mjs";
import { checkChoices, goodChoices, MODES } from "./update/policy.mjs";
import { Updates } from "./update/updates.mjs";
import { clientFolder, startWorker } from "./workers/start.mjs";
import { PythonWorker } from "./workers/sync_client.mjs";

export { MODES, parseMarkup, VademecumError };

export const EVENTS = /** @type {const} */ ([
  "updateAvailable", "updateStarted", "updateProgress", "updateCompleted", "updateFailed", "rolledBack", "corruption",
]);
const MAX_VERSION_FILE = 4_000_000;

/** @typedef {import("./vademecum.d.mts").KnowledgeBase} PublicKnowledgeBase */
/** @typedef {import("./vademecum.d.mts").LocalVersion} LocalVersion */
/** @typedef {import("./vademecum.d.mts").Mode} Mode */
/** @typedef {import("./vademecum.d.mts").Policy} Policy */
/** @typedef {import("./store/records.mjs").InstalledRelease} InstalledRelease */

/** @implements {PublicKnowledgeBase} */
export class KnowledgeBase {
  /** @type {Promise<LocalVersion | null> | null} */ #initialized = null;
  /** @type {(version: LocalVersion) => void} */ #nowReady = () => {};
  #closed = false;
  #listeners = new Listeners([...EVENTS, "preview"]);
  #client;
  #encoder;
  #log;
  #store;
  #reader;
  /** @type {import("./page/preview.mjs").Preview | null} loaded where an app asks for it */ #preview = null;
  #tabs;
  /** @type {PythonWorker} */ #python;
  /** @type {Updates} */ #updates;
  /** @type {Background} */ #background;
  /** @type {string[]} the tree and its mirrors, the preferred one first */
  #urls;

  /** @param {import("./vademecum.d.mts").KnowledgeBaseOptions} options */
  constructor(options) {
    const { urls, client, trust, seed, defaults, rule, checkIntervalMs, fallback, encoder, preview, log } = readOptions(options);
    this.#urls = urls;
    this.url = urls[0];
    this.#client = client;
    this.#encoder = encoder;
    this.#log = log;
    /** @type {Promise<LocalVersion>} */ this.ready = new Promise((resolve) => {
      this.#nowReady = resolve;
    });
    const store = (this.#store = new IndexedStore(this.url));
    const reader = (this.#reader = new Reader(this.url, () => this.#worker("query.mjs"), (release) => this.#turned(release ?? reader.local), fallback));
    const emit = (/** @type {string} */ name, /** @type {any} */ detail) => this.#emit(name, detail);
    const choose = (/** @type {Partial<Policy>} */ choices) => this.#background.choose(choices);
    const later = () => this.policy.activation === "next-start" && reader.release !== null;
    const tabs = (this.#tabs = new Tabs({ store, reader, emit, choose, later, opened: () => this.#opened() }));
    const extra = encoder && (encoder.model ? "model" : "directions");
    this.#python = new PythonWorker(
      () => this.#worker("worker.mjs"),
      async () => ({ urls, policy: defaults, seed, extra, trust: await trust(), client, fetched: this.#preview?.take() }),
      (name, detail) => this.#updates.onEngineEvent(name, detail),
    );
    this.#updates = new Updates({
      ...{ urls, trust, seed, store, emit, later },
      preview: preview ? this.#previewed({ url: this.url, alone: urls.length === 1, client: clientFolder(client ?? undefined), channel: defaults.channel, reader, emit }) : null,
      channel: () => this.policy.channel,
      python: (command, args) => this.#run(command, args),
      decide: (offer) => this.#background.decide(offer),
      reopen: async () => (tabs.announced = await reader.reopen()),
      follow: () => tabs.catchUp(),
      announce: (event, detail) => tabs.tell({ event, detail }),
    });
    this.#background = new Background({ store, updates: this.#updates, defaults, rule, checkIntervalMs, log });
  }

  // Reading -------------------------------------------------------------------------------------

  /** Opens what is installed: no network, no Python. */
  async initialize() {
    this.#requireOpen();
    this.#initialized ??= this.#start().catch((error) => {
      this.#initialized = null;
      this.#background.deafen();
      this.#tabs.stop();
      throw error;
    });
    return this.#initialized;
  }

  /** @param {string} query @param {import("./vademecum.d.mts").SearchOptions} [options] */
  async search(query, options = {}) {
    if (Object(options) !== options) throw new VademecumError("usage", `search(query, { limit: ${options} }): options have names`);
    const { limit = 10, offset, mode, group, filters, prefer, facets, ...others } = options;
    requireNone(others, "search", "limit, offset, mode, group, filters, prefer, facets");
    await this.initialize();
    const question = { query, limit, offset, mode, group, filters, prefer, facets };
    const { hits: sent, further, ...facts } = this.#encoder
      ? await (await import("./page/own_encoder.mjs")).askWith(this.#encoder, this.#reader, question)
      : await this.#reader.ask("search", question);
    const hits = this.#addressed(sent, further);
    if (!this.#reader.preview) return Object.assign(hits, facts);
    if (hits.length > 0) this.#preview?.seen();
    return Object.assign(hits, facts, { preview: true });
  }

  /** @param {string} id @param {{limit?: number}} [options] */
  async similar(id, { limit = 10, ...others } = {}) {
    requireNone(others, "similar", "limit");
    await this.initialize();
    const { hits, further, ...facts } = await this.#reader.ask("similar", { id, limit });
    return Object.assign(this.#addressed(hits, further), facts);
  }

  /** @param {string} key */
  async document(key) {
    await this.initialize();
    return this.#reader.ask("document", { key });
  }

  // Events --------------------------------------------------------------------------------------

  /** @param {string} name @param {(detail: any) => void} listener */
  on(name, listener) {
    this.#listeners.of(name).add(listener);
    return () => this.off(name, listener);
  }

  /** @param {string} name @param {(detail: any) => void} listener */
  off(name, listener) {
    this.#listeners.of(name).delete(listener);
  }

  // Keeping it current --------------------------------------------------------------------------

  async checkForUpdates() {
    await this.initialize();
    return (await this.#updates.check()) ?? nothingNew(this.#store);
  }

  async update() {
    await this.initialize();
    return this.#updates.update();
  }

  async forceUpdate() {
    await this.initialize();
    return this.#updates.forceUpdate();
  }

  async rollback() {
    await this.initialize();
    await this.#updates.rollback();
    return this.getLocalVersion();
  }

  /** @param {number | null} sequence */
  async pin(sequence) {
    await this.initialize();
    await this.#updates.pin(sequence);
  }

  async doctor({ repair = true, ...others } = {}) {
    requireNone(others, "doctor", "repair");
    await this.initialize();
    return this.#updates.doctor(repair);
  }

  /** @param {number | null} sequence */
  async skip(sequence) {
    await this.initialize();
    await this.#updates.skip(sequence);
    this.#background.wake();
  }

  get mode() {
    return this.policy.mode;
  }

  get policy() {
    return this.#background.policy;
  }

  /** @param {Mode} mode */
  setMode(mode) {
    return this.setPolicy({ mode });
  }

  /** @param {import("./vademecum.d.mts").Choices} choices */
  async setPolicy(choices) {
    checkChoices(choices);
    await this.initialize();
    const chosen = goodChoices({ ...(await openRecord(await this.#store.read("mode"))), ...choices });
    await this.#store.write([["mode", Object.keys(chosen).length > 0 ? await encodeRecord(chosen) : null]]);
    if (chosen.channel !== this.#background.choices.channel) {
      this.#updates.offer = null;
      await this.#store.write([["sync", null]]); // what was found of another channel
    }
    this.#tabs.tell({ choices: chosen });
    this.#background.choose(chosen);
  }

  // What is known -------------------------------------------------------------------------------

  async getStatus() {
    this.#requireOpen();
    return readStatus(this.#store, this.#updates, this.policy, this.#reader);
  }

  async getLocalVersion() {
    return versionOf(this.#reader.release ?? this.#reader.local);
  }

  async fetchPublishedVersion() {
    const data = await fetchFirst(this.#urls, "version.json", MAX_VERSION_FILE);
    try {
      return JSON.parse(new TextDecoder().decode(data));
    } catch {
      throw new VademecumError("content", `${this.url}: version.json is not JSON: is a knowledge base there?`);
    }
  }

  // Forgetting, and the end ---------------------------------------------------------------------

  async clearVersion() {
    await this.initialize();
    await this.#run("clear");
    await this.#forgotten();
  }

  async clear() {
    await this.initialize();
    const letGo = await this.#store.lock();
    if (!letGo) throw new VademecumError("busy", "another page is updating; try again later");
    await this.#store.clear(["mode"]).finally(letGo);
    await this.#forgotten();
  }

  async close() {
    this.#closed = true;
    this.#background.stop();
    this.#tabs.stop();
    this.#reader.close();
    this.#python.close();
    await this.#store.close();
  }

  // The parts -----------------------------------------------------------------------------------

  /** Give a hit without a page of its own the address of the tree's search page.
   * @param {import("./vademecum.d.mts").Hit[]} hits @param {string[]} words of further hits */
  #addressed(hits, words) {
    const local = !this.#reader.release && this.#reader.local; // of the app's own documents no tree has a page
    return withFurther(hits, words, (hit) => {
      if (local) return;
      for (const place of [hit, ...hit.places]) place.url ||= readerAddress(place.document, this.url);
      hit.link ||= hit.url;
    });
  }

  async #start() {
    this.#tabs.listen();
    this.#background.listen();
    const records = Promise.all(["mode", "retry"].map(async (name) => openRecord(await this.#store.read(name))));
    const [[choices, retry]] = await Promise.all([records, openInstalled(this.#reader, this.#updates)]);
    const { release } = this.#reader;
    this.#tabs.announced = release;
    this.#background.begin(choices, retry, release !== null);
    return this.getLocalVersion();
  }

  /** A preview's module is loaded where an app asks for one; where it does not come, Python looks, as elsewhere.
   * @param {import("./page/preview.mjs").Dependencies} shown @returns {import("./update/updates.mjs").Dependencies["preview"]} */
  #previewed(shown) {
    return {
      show: () => import("./page/preview.mjs").then(({ Preview }) => (this.#preview ??= new Preview(shown)).show(), () => undefined),
      failed: async (code) => (await this.#preview?.failed(code)) ?? false,
    };
  }

  /** Whether it was opened. A message that comes during the opening waits for its end. */
  async #opened() {
    const opened = await this.#initialized?.then(() => true, () => false);
    return opened === true && !this.#closed;
  }

  /** The reader answers from this now. @param {InstalledRelease | null} release */
  #turned(release) {
    this.#log("opened", release);
    const version = versionOf(release);
    if (!version) return;
    if (this.#reader.release) this.#updates.move("complete");
    this.#nowReady(version);
  }

  async #forgotten() {
    this.#updates.move("forget");
    this.#updates.offer = null;
    await this.#reader.reopen();
    this.#tabs.tell({ forgotten: true });
  }

  /** @param {"query.mjs" | "worker.mjs"} file */
  #worker(file) {
    this.#requireOpen();
    return startWorker(file, this.#client);
  }

  /** @param {string} command @param {object} [args] */
  async #run(command, args) {
    if (globalThis.isSecureContext === false) throw new VademecumError("usage", "browsers verify only on localhost or over https");
    const started = performance.now();
    const { saveData, effectiveType, type } = connection();
    const lean = saveData || !this.#reader.release; // the release's model is large: nobody waits for it who has no hits yet
    const result = await this.#python.call(command, { ...args, lean, connection: { saveData, effectiveType, type } });
    if (lean && !saveData && result?.to && this.#encoder?.model) this.#updates.take("check", () => this.#updates.sync(false, 0), () => {}).catch(() => {});
    this.#log(command, result, `${Math.round(performance.now() - started)} ms`);
    return result;
  }

  /** @param {string} name @param {object} detail */
  #emit(name, detail) {
    this.#log(name, detail);
    this.#listeners.emit(name, detail);
  }

  #requireOpen() {
    if (this.#closed) throw new VademecumError("cancelled", "the knowledge base was closed; make a new one");
  }
}
