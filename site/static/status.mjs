// @ts-check
/** The state of the index on this page: the pill, the notice, the first download, and the panel of details. */

import { byId, element } from "./dom.mjs";
import { closeOnBackdrop } from "./reader.mjs";
import { age, bytes, errorText, moment, number, stageName } from "./words.mjs";

/** @typedef {import("../client/vademecum.mjs").KnowledgeBase} KnowledgeBase */
/** @typedef {Awaited<ReturnType<KnowledgeBase["getStatus"]>>} Status */
/** @typedef {import("../client/vademecum.d.mts").LocalVersion & {digest?: string}} Installed */
/** @typedef {import("../client/vademecum.d.mts").Events} Events */
/** @typedef {import("../client/vademecum.d.mts").Mode} Mode */

const NOTICE_MS = 6000;
const REFRESH_MS = 60_000;
const BUTTONS = ["check", "update", "rollback", "install-now"];
/** Somebody without a network, or with the page open twice, is told by the pill: nothing pops up. */
const QUIET = ["network", "busy"];

export class StatusView {
  /**
   * @param {KnowledgeBase} kb
   * @param {() => void} changed called when another release answers
   */
  constructor(kb, changed) {
    this.kb = kb;
    this.changed = changed;
    /** @type {Status | null} what getStatus() last said */
    this.status = null;
    this.updating = false;
    /** What the last button that was pressed came to, if it did not work. */
    this.answer = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.details = /** @type {HTMLDialogElement} */ (byId("details"));
    this.#listen();
  }

  /** Ask the knowledge base how it is, and show that. */
  async refresh() {
    this.status = await this.kb.getStatus();
    this.#showPill();
    this.#showInstall();
    if (this.details.open) await this.#showDetails(this.status);
  }

  /**
   * A short message at the foot of the page.
   * @param {string} text
   * @param {{label?: string, act?: () => void, stay?: boolean}} [options]
   */
  tell(text, { label = "", act, stay = false } = {}) {
    clearTimeout(this.timer);
    byId("notice-text").textContent = text;
    byId("notice-bar").hidden = true;
    const button = byId("notice-act");
    button.hidden = label === "";
    button.textContent = label;
    button.onclick = () => {
      this.#hideNotice();
      act?.();
    };
    byId("notice-close").hidden = false;
    byId("notice").hidden = false;
    if (!stay) this.timer = setTimeout(() => this.#hideNotice(), NOTICE_MS);
  }

  #hideNotice() {
    byId("notice").hidden = true;
  }

  #listen() {
    const { kb } = this;
    kb.on("updateAvailable", (detail) => this.#available(detail));
    kb.on("updateStarted", () => this.#started());
    kb.on("updateProgress", (detail) => this.#progress(detail));
    kb.on("updateCompleted", (detail) => this.#completed(detail));
    kb.on("updateFailed", (detail) => this.#failed(detail));
    kb.on("rolledBack", (detail) => this.#rolledBack(detail));
    for (const change of ["online", "offline"]) addEventListener(change, () => this.refresh());
    setInterval(() => this.refresh(), REFRESH_MS);
    closeOnBackdrop(this.details);
    byId("notice-close").addEventListener("click", () => this.#hideNotice());
    byId("pill").addEventListener("click", () => this.#openDetails());
    byId("check").addEventListener("click", () => this.#press(() => kb.checkForUpdates()));
    for (const id of ["update", "install-now"]) byId(id).addEventListener("click", () => this.#update());
    byId("rollback").addEventListener("click", () => this.#press(() => kb.rollback()));
    byId("modes").addEventListener("change", ({ target }) => {
      const mode = /** @type {Mode} */ (/** @type {HTMLInputElement} */ (target).value);
      this.#press(() => kb.setMode(mode));
    });
  }

  get #installed() {
    return /** @type {Installed | null} */ (this.status?.installed ?? null);
  }

  /** Whether new releases come by themselves, also over the connection that there is now. */
  get #byItself() {
    return this.status?.mode === "automatic" && this.status.state !== "update-available";
  }

  // Events of the knowledge base

  /** @param {Events["updateAvailable"]} detail */
  async #available(detail) {
    await this.refresh();
    if (!this.#installed || this.updating || this.#byItself) return;
    const size = detail.bytes ? ` (${bytes(detail.bytes)})` : "";
    const text = `Update available: release ${detail.sequence}${size}`;
    this.tell(text, { label: "Install", act: () => this.#update(), stay: true });
  }

  #started() {
    this.updating = true;
    this.answer = "";
    this.#showPill();
    this.#showInstall();
  }

  /** @param {Events["updateProgress"]} detail */
  #progress(detail) {
    this.updating = true;
    const [text, bar] = this.#installed ? ["notice-text", "notice-bar"] : ["install-text", "install-bar"];
    byId(text).textContent = progressText(detail);
    setBar(/** @type {HTMLProgressElement} */ (byId(bar)), detail.percentage);
    if (!this.#installed) return;
    clearTimeout(this.timer);
    for (const id of ["notice-act", "notice-close"]) byId(id).hidden = true;
    for (const id of ["notice-bar", "notice"]) byId(id).hidden = false;
  }

  /** @param {Events["updateCompleted"]} detail */
  async #completed(detail) {
    const first = !this.#installed;
    this.updating = false;
    await this.refresh();
    this.changed();
    this.tell(first ? "Ready. From now on this works without a network." : `Knowledge updated to release ${detail.sequence}`);
  }

  /** @param {Events["updateFailed"]} detail */
  async #failed(detail) {
    this.updating = false;
    this.#hideNotice();
    await this.refresh();
    if (this.#installed && !QUIET.includes(detail.code)) this.tell(errorText(detail.code, true));
  }

  /** @param {Events["rolledBack"]} detail */
  async #rolledBack(detail) {
    await this.refresh();
    this.changed();
    this.tell(`Back on release ${detail.sequence}`);
  }

  // What the reader asks for

  #update() {
    return this.#press(() => this.kb.update());
  }

  /** @param {() => Promise<unknown>} act */
  async #press(act) {
    this.answer = "";
    this.#disable(true);
    try {
      await act();
    } catch (error) {
      this.updating = false;
      this.answer = errorText(/** @type {any} */ (error).code, this.#installed !== null);
    }
    this.#disable(false);
    await this.refresh();
  }

  /** @param {boolean} disabled */
  #disable(disabled) {
    for (const id of BUTTONS) /** @type {HTMLButtonElement} */ (byId(id)).disabled = disabled;
    if (disabled) byId("details-state").textContent = "One moment …";
  }

  async #openDetails() {
    this.answer = "";
    this.details.showModal();
    await this.refresh();
  }

  // What is shown

  #showPill() {
    const pill = byId("pill");
    pill.hidden = this.status === null;
    const [tone, text] = this.#pill();
    pill.dataset.tone = tone;
    byId("pill-text").textContent = text;
  }

  /** @returns {[string, string]} tone and text */
  #pill() {
    const installed = this.#installed;
    const failure = this.status?.error?.code;
    const offline = !navigator.onLine || failure === "network";
    if (!installed && this.updating) return ["wait", "First download"];
    if (!installed) return ["off", `Nothing here yet · ${offline ? "offline" : "online"}`];
    const release = `Release ${installed.sequence} · ${age(installed.built, Date.now())}`;
    if (this.updating) return ["wait", `${release} · updating`];
    if (offline) return ["off", `${release} · offline`];
    if (failure) return ["warn", `${release} · not updated`];
    if (this.status?.offer) return ["news", `${release} · update available`];
    return ["good", `${release} · online`];
  }

  #showInstall() {
    const { status, updating } = this;
    byId("install").hidden = status === null || this.#installed !== null;
    if (status === null || updating) return;
    const failed = this.answer || (status.error ? errorText(status.error.code) : "");
    const asks = failed !== "" || !this.#byItself;
    byId("install-bar").hidden = asks;
    byId("install-now").hidden = !asks;
    const size = status.offer?.bytes ? ` ${bytes(status.offer.bytes)}` : "";
    byId("install-now").textContent = failed ? "Try again" : `Download${size}`;
    byId("install-title").textContent = asks ? "Nothing is here yet" : "Getting ready";
    byId("install-text").textContent = failed || (asks
      ? "The index is downloaded once. After that you search on this device, also without a network."
      : "First comes the part that checks signatures, then the index. You can type already.");
  }

  /** @param {Status} status */
  async #showDetails(status) {
    byId("details-state").textContent = this.#sentence(status);
    const facts = await this.#facts(status);
    byId("facts").replaceChildren(...facts.flatMap(([name, value, kind]) => [
      element("dt", {}, [name]),
      element("dd", {}, [kind ? element("code", { class: kind }, [value]) : value]),
    ]));
    for (const input of byId("modes").querySelectorAll("input")) input.checked = input.value === status.mode;
    byId("update").hidden = !status.offer;
    byId("rollback").hidden = !status.previous;
    const forward = (status.previous?.sequence ?? 0) > (status.installed?.sequence ?? 0);
    byId("rollback").textContent = `Go ${forward ? "forward" : "back"} to release ${status.previous?.sequence}`;
  }

  /** @param {Status} status */
  #sentence({ error, offer, installed, expired, latest, refused }) {
    if (this.answer) return this.answer;
    if (this.updating) return "A new release is being installed.";
    if (error) return errorText(error.code, installed !== null);
    if (offer) return `Release ${offer.sequence} is available (${bytes(offer.bytes)}).`;
    if (expired) return errorText("expired", installed !== null);
    if (latest && refused.includes(latest.sequence)) {
      return `Release ${latest.sequence} was left, and is not installed again by itself.`;
    }
    return installed ? "The index is on this device and answers without a network." : "Nothing is installed yet.";
  }

  /**
   * @param {Status} status
   * @returns {Promise<[string, string, string?][]>} name, value, and a class for values that are code
   */
  async #facts(status) {
    const installed = this.#installed;
    /** @type {[string, string, string?][]} */
    const facts = [];
    if (installed) {
      facts.push(["Release", `${installed.sequence} (${installed.version})`], ["Built", moment(installed.built)]);
      facts.push(["Documents", number(installed.documents)], ["Passages", number(installed.chunks)]);
      facts.push(["Encoder", `${number(installed.dimensions)} dimensions`], ["Epoch", installed.epoch, "digest"]);
      if (installed.digest) facts.push(["Digest", installed.digest, "digest"]);
    }
    const asked = status.contacted ?? status.checked;
    if (asked) facts.push(["Last check", moment(asked)]);
    const used = (await navigator.storage?.estimate())?.usage;
    if (used) facts.push(["Stored here", bytes(used)]);
    return facts;
  }
}

/** @param {Events["updateProgress"]} detail */
function progressText({ stage, bytes: done, totalBytes }) {
  const counts = stage === "downloading" && totalBytes > 0;
  return counts ? `${stageName(stage)}: ${bytes(done)} of ${bytes(totalBytes)}` : `${stageName(stage)} …`;
}

/**
 * Without a percentage the bar moves by itself.
 * @param {HTMLProgressElement} bar
 * @param {number | undefined} percentage
 */
function setBar(bar, percentage) {
  bar.max = 100;
  if (percentage === undefined) bar.removeAttribute("value");
  else bar.value = percentage;
}
