// @ts-check
/**
 * vademecum in a browser: a knowledge base that follows its published releases and is searched offline.
 *
 * This is the public face. On the page's thread there is nothing but messages to two workers (query.mjs answers,
 * worker.mjs runs Python when there is something to verify or install) and the idle check. The types are in
 * vademecum.d.mts.
 */

import { Remote } from "./workers/rpc.mjs";
import { asError, TRANSIENT, VademecumError } from "./errors.mjs";
import { decodeHead, decodeRecord, encodeRecord, isSame } from "./store/records.mjs";
import { Listeners, report } from "./page/events.mjs";
import { PythonWorker } from "./workers/sync_client.mjs";
import { FIRST_BACKOFF_MS, LONGEST_RETRY_AFTER_MS, mayDownload, nextDelay, readRetry, restOf, Schedule } from "./update/schedule.mjs";
import { IndexedStore, storeName } from "./store/store.mjs";
import { fetchFirst } from "./net/transport.mjs";
import { Updates } from "./update/updates.mjs";

export { VademecumError };

export const MODES = /** @type {const} */ (["automatic", "manual", "off"]);
export const EVENTS = /** @type {const} */ ([
  "updateAvailable",
  "updateStarted",
  "updateProgress",
  "updateCompleted",
  "updateFailed",
  "rolledBack",
  "corruption",
]);
const MAX_VERSION_FILE = 4_000_000;

/** @typedef {import("./vademecum.d.mts").KnowledgeBase} PublicKnowledgeBase */
/** @typedef {import("./vademecum.d.mts").KnowledgeBaseOptions} Options */
/** @typedef {import("./vademecum.d.mts").LocalVersion} LocalVersion */
/** @typedef {import("./vademecum.d.mts").Mode} Mode */
/** @typedef {import("./vademecum.d.mts").Check} Check */
/** @typedef {import("./store/records.mjs").InstalledRelease} InstalledRelease */

/** @implements {PublicKnowledgeBase} */
export class KnowledgeBase {
  /** @type {Mode} */
  #mode;
  /** @type {InstalledRelease | null} what the reader answers from */
  #release = null;
  /** @type {InstalledRelease | null} what the app was last told of */
  #told = null;
  /** @type {Remote | null} */
  #reader = null;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {Promise<LocalVersion | null> | null} */
  #initialized = null;
  /** @type {(version: LocalVersion) => void} */
  #nowReady = () => {};
  #checkIntervalMs;
  #policy;
  #clientUrl;
  #log;
  #store;
  /** @type {PythonWorker} */
  #python;
  /** @type {Updates} */
  #updates;
  /** @type {string[]} the tree and its mirrors, the preferred one first */
  #urls;
  #failures = 0;
  /** Till when the host asked to be left alone, in milliseconds; 0: it did not. */
  #peaceUntil = 0;
  #closed = false;
  #listeners = new Listeners(EVENTS);
  #schedule = new Schedule(() => this.#turn());
  #online = () => this.#failures > 0 && this.#mode !== "off" && this.#follow(0);
  #connected = () => {
    this.#updates.reconsider();
    if (this.#updates.withheld && this.#permitted()) this.#follow(0);
  };

  /** @param {Options} options */
  constructor(options) {
    const { url, trust, autoUpdate = true, checkIntervalMs = 3_600_000, channel = "stable" } = options;
    this.#urls = treeUrls(url);
    this.url = this.#urls[0];
    this.#mode = autoUpdate ? "automatic" : "manual";
    this.#checkIntervalMs = checkIntervalMs;
    this.#policy = options.policy ?? mayDownload;
    this.#clientUrl = new URL(options.clientUrl ?? ".", import.meta.url);
    this.#log = options.debug ? debugLog() : () => {};
    /** @type {Promise<LocalVersion>} */
    this.ready = new Promise((resolve) => {
      this.#nowReady = resolve;
    });
    this.#store = new IndexedStore(this.url);
    const root = trustText(trust);
    const seed = options.seed === undefined || options.seed === null ? null : treeUrl(options.seed);
    const target = { urls: this.#urls, trust: root, channel, maxUpdateBytes: options.maxUpdateBytes ?? null, seed };
    this.#python = new PythonWorker(
      () => this.#worker("worker.mjs"),
      target,
      (name, detail) => this.#updates.onEngineEvent(name, detail),
    );
    this.#updates = new Updates({
      urls: this.#urls,
      trust: root,
      seed,
      store: this.#store,
      python: (command, args) => this.#run(command, args),
      reopen: async () => (this.#told = await this.#reopen()),
      follow: () => this.#catchUp(),
      emit: (name, detail) => this.#emit(name, detail),
      announce: (event, detail) => this.#channel?.postMessage({ event, detail }),
    });
  }

  /** Opens what is installed: no network, no Python. */
  initialize() {
    this.#initialized ??= this.#start().catch((error) => {
      this.#initialized = null;
      this.#stopListening();
      throw error;
    });
    return this.#initialized;
  }

  /** To the other pages, too: from before the pointer is read, so that no flip comes in between. */
  #listen() {
    this.#channel = new BroadcastChannel(storeName(this.url));
    this.#channel.onmessage = ({ data }) => this.#onOtherPage(data).catch((error) => this.#closed || report(error));
    globalThis.addEventListener("online", this.#online);
    connection().addEventListener?.("change", this.#connected);
  }

  #stopListening() {
    globalThis.removeEventListener?.("online", this.#online);
    connection().removeEventListener?.("change", this.#connected);
    this.#channel?.close();
    this.#channel = null;
  }

  async #start() {
    this.#requireOpen();
    this.#listen();
    const [mode, retry] = await Promise.all([this.#store.read("mode"), this.#store.read("retry"), this.#openInstalled()]);
    this.#mode = decodeRecord(mode).mode ?? this.#mode;
    this.#told = this.#release;
    const { wait, failures } = readRetry(decodeRecord(retry), Date.now());
    this.#failures = failures;
    if (wait > 0 && failures === 0) this.#peaceUntil = Date.now() + wait;
    this.#follow(failures > 0 && !this.#release ? 0 : wait); // who has nothing yet, and comes again, is not kept waiting
    return this.getLocalVersion();
  }

  /**
   * A release that does not work is undone. What cannot be read, or undone, waits for a whole download; the reader
   * has nothing till then.
   */
  async #openInstalled() {
    try {
      await this.#reopen();
    } catch (thrown) {
      const error = asError(thrown);
      if (error.code !== "self-test" && error.code !== "content") throw error;
      this.#updates.fail(error);
      this.#updates.damaged = error.code === "content" || !(await this.#undo(error));
    }
  }

  /** @param {VademecumError} error why what is installed does not work */
  async #undo(error) {
    try {
      await this.#updates.refuse(error);
      return this.#release !== null;
    } catch (failure) {
      this.#log("not undone", failure);
      return false;
    }
  }

  /**
   * @param {string} query
   * @param {{limit?: number}} [options]
   */
  async search(query, { limit = 10 } = {}) {
    await this.initialize();
    return this.#ask("search", { query, limit });
  }

  /** @param {string} key */
  async document(key) {
    await this.initialize();
    return this.#ask("document", { key });
  }

  /**
   * @param {string} name
   * @param {(detail: any) => void} listener
   */
  on(name, listener) {
    this.#listeners.add(name, listener);
    return () => this.off(name, listener);
  }

  /**
   * @param {string} name
   * @param {(detail: any) => void} listener
   */
  off(name, listener) {
    this.#listeners.remove(name, listener);
  }

  /** @returns {Promise<Check>} */
  async checkForUpdates() {
    await this.initialize();
    const check = await this.#updates.check();
    return check ?? this.#nothingNew();
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

  get mode() {
    return this.#mode;
  }

  /** @param {Mode} mode */
  async setMode(mode) {
    if (!MODES.includes(mode)) throw new VademecumError("usage", `there is no mode "${mode}"; there are ${MODES.join(", ")}`);
    await this.initialize();
    await this.#store.write([["mode", encodeRecord({ mode })]]);
    this.#channel?.postMessage({ mode });
    this.#setMode(mode);
  }

  /** @param {Mode} mode */
  #setMode(mode) {
    this.#log("mode", mode);
    this.#mode = mode;
    this.#follow(0);
  }

  async getStatus() {
    const [head, sync, seed] = await Promise.all([this.#head(), this.#record("sync"), this.#record("seed")]);
    const { state, error, offer, contacted } = this.#updates;
    const noted = sync.error && Date.parse(sync.error.time) > contacted ? sync.error : null;
    const last = error ?? noted;
    return {
      state,
      mode: this.#mode,
      installed: versionOf(head.current),
      previous: versionOf(head.previous),
      pinned: head.pinned,
      refused: head.refused,
      latest: sync.latest ?? null,
      yanked: sync.yanked ?? [],
      offer,
      checked: sync.checked ?? null,
      contacted: contacted ? new Date(contacted).toISOString() : null,
      expires: sync.expires ?? null,
      expired: Date.parse(sync.expires) <= Date.now(),
      staleSince: sync.staleSince ?? null,
      seed: seed.code ? { code: seed.code, message: seed.message } : null,
      error: last,
      lastError: last && { code: last.code, message: last.message, at: last.time, transient: TRANSIENT.includes(last.code) },
    };
  }

  async getLocalVersion() {
    return versionOf(this.#release);
  }

  async fetchPublishedVersion() {
    const data = await fetchFirst(this.#urls, "version.json", MAX_VERSION_FILE);
    try {
      return JSON.parse(new TextDecoder().decode(data));
    } catch {
      throw new VademecumError("content", `${this.url}: version.json is not JSON: is this the address of a knowledge base?`);
    }
  }

  async clearVersion() {
    await this.initialize();
    await this.#run("clear");
    await this.#forgotten();
  }

  async clear() {
    await this.initialize();
    const letGo = await this.#store.lock();
    if (!letGo) throw new VademecumError("busy", "another page is updating this knowledge base; try again when it is done");
    await this.#store.clear(["mode"]).finally(letGo);
    await this.#forgotten();
  }

  async #forgotten() {
    this.#updates.state = "idle";
    this.#updates.offer = null;
    await this.#reopen();
    this.#channel?.postMessage({ forgotten: true });
  }

  async close() {
    this.#closed = true;
    this.#schedule.stop();
    this.#stopListening();
    this.#reader?.close();
    this.#python.close();
    await this.#store.close();
  }

  // The background ------------------------------------------------------------------------------

  /** @param {number} delayMs until the next check; a host that asked to be left alone is, whatever happens here */
  #follow(delayMs) {
    if (this.#mode === "off" || this.#closed) this.#schedule.stop();
    else this.#schedule.start(Math.max(delayMs, restOf(this.#peaceUntil, Date.now())));
  }

  /** One turn of the schedule; returns the wait before the next. */
  async #turn() {
    const failed = await this.#failure(this.#updates.background(() => this.#permitted()));
    const behind = await this.#failure(this.#updates.follow());
    const error = failed ?? behind;
    // A paused update goes on at the usual time: the budget is for each of these turns.
    if (!error) this.#failures = 0;
    else if (error.code !== "busy" && error.code !== "budget") this.#failures++;
    const delay = this.#delay(error?.retryAfter ?? 0);
    this.#peaceUntil = error?.retryAfter ? Date.now() + Math.min(error.retryAfter * 1000, LONGEST_RETRY_AFTER_MS) : 0;
    // A host in trouble is not asked again at once after a reload; where the network was away, it may be back.
    if (error && error.retryAfter !== null) await this.#postpone(delay, 0);
    else if (error?.code === "server") await this.#postpone(delay, this.#failures);
    return delay;
  }

  /**
   * @param {Promise<unknown>} work
   * @returns {Promise<VademecumError | null>}
   */
  async #failure(work) {
    try {
      await work;
      return null;
    } catch (thrown) {
      const error = asError(thrown);
      this.#log("failed", error.code, error.message);
      return error;
    }
  }

  /** @param {number} asked seconds to wait as the host asked */
  #delay(asked) {
    const now = Date.now();
    // What was withheld goes on soon where the connection is back: its "change" came while this turn was busy.
    const soon = this.#updates.withheld && this.#permitted();
    return nextDelay({
      intervalMs: soon ? Math.min(FIRST_BACKOFF_MS, this.#checkIntervalMs) : this.#checkIntervalMs,
      failures: this.#failures,
      notBefore: now + asked * 1000,
      now,
      chance: Math.random(),
    });
  }

  /** Whether something may be downloaded unasked. */
  #permitted() {
    try {
      return this.#mode === "automatic" && this.#policy(connection());
    } catch (error) {
      report(error);
      return false;
    }
  }

  /**
   * @param {number} delayMs until the next check, also after a reload
   * @param {number} failures in a row, that led to it; 0: the host asked for it
   */
  async #postpone(delayMs, failures) {
    const notBefore = new Date(Date.now() + Math.min(delayMs, LONGEST_RETRY_AFTER_MS)).toISOString();
    const record = encodeRecord(failures > 0 ? { notBefore, failures } : { notBefore });
    await this.#store.write([["retry", record]]).catch(report);
  }

  /** @param {{event?: string, detail?: {sequence: number}, mode?: Mode, forgotten?: boolean}} message */
  async #onOtherPage({ event, detail, mode, forgotten }) {
    if (!(await this.#started())) return;
    if (mode) this.#setMode(mode);
    if (event || forgotten) await this.#reopen();
    // It may be known already, or another flip has come after it, which is told next.
    if (!event || isSame(this.#release, this.#told) || detail?.sequence !== this.#release?.sequence) return;
    this.#told = this.#release;
    this.#emit(event, { ...detail, elsewhere: true });
  }

  /** Whether it was opened: who was told in between has read the pointer before or after that, and looks again. */
  async #started() {
    const opened = await this.#initialized?.then(() => true, () => false);
    return opened === true && !this.#closed;
  }

  /** Turn to what another page has installed, and tell the app, where that page could not tell this one. */
  async #catchUp() {
    const { current } = await this.#head();
    if (!isSame(current, this.#release)) await this.#reopen();
    const [before, now] = [this.#told, this.#release];
    this.#told = now;
    if (!now || (before?.sequence === now.sequence && before.digest === now.digest)) return; // at most stored otherwise
    const { sequence, version } = now;
    if (before && sequence < before.sequence) this.#emit("rolledBack", { sequence, version, elsewhere: true });
    else this.#emit("updateCompleted", { sequence, version, plan: "none", bytes: 0, elsewhere: true });
  }

  // The workers ---------------------------------------------------------------------------------

  /** @param {string} file */
  #worker(file) {
    this.#requireOpen();
    return new Worker(new URL(file, this.#clientUrl), { type: "module", name: `vademecum ${file}` });
  }

  /**
   * @param {string} command
   * @param {object} [args]
   */
  async #run(command, args) {
    const started = performance.now();
    const result = await this.#python.call(command, args);
    this.#log(command, result, `${Math.round(performance.now() - started)} ms`);
    return result;
  }

  /**
   * @param {string} command
   * @param {object} args
   */
  async #ask(command, args) {
    if (!this.#reader || (this.#reader.ended && !this.#closed)) await this.#reopen();
    return /** @type {Remote} */ (this.#reader).call(command, args);
  }

  /** Turn the reader to what is installed now; a reader that broke is started anew. */
  async #reopen() {
    const first = !this.#reader || (this.#reader.ended && !this.#closed);
    const reader = first ? new Remote(this.#worker("query.mjs")) : /** @type {Remote} */ (this.#reader);
    this.#reader = reader;
    this.#release = await reader.call(first ? "open" : "reopen", { url: this.url });
    this.#log("opened", this.#release);
    const version = versionOf(this.#release);
    if (version) {
      this.#updates.state = "installed";
      this.#nowReady(version);
    }
    return this.#release;
  }

  // Small things --------------------------------------------------------------------------------

  #head() {
    return this.#store.read("head").then(decodeHead);
  }

  /** @param {string} name */
  #record(name) {
    return this.#store.read(name).then(decodeRecord);
  }

  /** @returns {Promise<Check>} */
  async #nothingNew() {
    const [{ current }, { latest, reason = null }] = await Promise.all([this.#head(), this.#record("sync")]);
    return { available: false, ...latest, plan: "none", bytes: 0, installed: current?.sequence ?? null, reason };
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  #emit(name, detail) {
    this.#log(name, detail);
    this.#listeners.emit(name, detail);
  }

  #requireOpen() {
    if (this.#closed) throw new VademecumError("cancelled", "the knowledge base was closed; make a new one");
  }
}

/**
 * @param {InstalledRelease | null} release
 * @returns {LocalVersion | null}
 */
function versionOf(release) {
  if (!release) return null;
  const { sequence, version, documents, chunks, dimensions, built, installed, epoch, digest, revoked } = release;
  return { sequence, version, documents, chunks, dimensions, built, installed, epoch, digest, revoked };
}

/**
 * @param {string | URL | (string | URL)[]} url
 */
function treeUrls(url) {
  const urls = Array.from(new Set([url].flat().map(treeUrl)));
  if (urls.length === 0) throw new VademecumError("usage", "no address: url is an empty list");
  return urls;
}

/**
 * The address of the tree as it is written, with a slash at the end of its path; a query goes along with every request.
 * @param {string | URL} url
 */
function treeUrl(url) {
  const tree = new URL(url, globalThis.location?.href);
  tree.hash = "";
  if (!tree.pathname.endsWith("/")) tree.pathname += "/";
  return tree.href;
}

/**
 * @param {object | string | null | undefined} trust
 * @returns {string | null}
 */
function trustText(trust) {
  if (trust === undefined || trust === null) return null;
  return typeof trust === "string" ? trust : JSON.stringify(trust);
}

/** @returns {import("./update/schedule.mjs").Connection} */
function connection() {
  return /** @type {any} */ (globalThis.navigator)?.connection ?? {};
}

function debugLog() {
  const started = performance.now();
  return (/** @type {unknown[]} */ ...what) =>
    console.debug("[vademecum]", `${((performance.now() - started) / 1000).toFixed(3)} s`, ...what);
}
