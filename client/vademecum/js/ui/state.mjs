// @ts-check
/** The state of the index: the line at the foot, the message beside it, and the first download. */

/**
 * @typedef {import("../vademecum.d.mts").KnowledgeBase} KnowledgeBase
 * @typedef {import("../vademecum.d.mts").Status} Status
 * @typedef {import("../vademecum.d.mts").Events} Events
 * @typedef {import("./texts.mjs").Wording} Wording
 * @typedef {import("./view.mjs").View} View
 */

const NOTICE_MS = 6000;
const REFRESH_MS = 60_000;
/** Somebody without a network, or with the page open twice, is told by the line: nothing pops up. */
const QUIET = ["network", "busy"];

export class State {
  /** @type {Status | null} what getStatus() last said */
  status = null;
  updating = false;
  /** How far a preview's checking is, in percent; 0: nobody knows. */
  share = 0;
  /** What the last button that was pressed came to, if it did not work. */
  answer = "";
  /** @type {() => unknown} called when the state was read anew */ refreshed = () => undefined;
  /** @type {(() => void)[]} */ #ends = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {KnowledgeBase} kb @param {View} view @param {Wording} wording @param {() => void} changed called when another release answers */
  constructor(kb, view, wording, changed) {
    this.kb = kb;
    this.view = view;
    this.wording = wording;
    this.changed = changed;
    this.#ends = [
      kb.on("updateAvailable", (detail) => this.#available(detail)),
      kb.on("updateStarted", ({ totalBytes }) => this.#progress({ stage: "downloading", plan: "none", percentage: 0, bytes: 0, totalBytes })),
      kb.on("updateProgress", (detail) => this.#progress(detail)),
      kb.on("updateCompleted", (detail) => this.#completed(detail)),
      kb.on("updateFailed", (detail) => this.#failed(detail)),
      kb.on("preview", (detail) => this.#previewed(detail)),
      kb.on("rolledBack", ({ sequence }) => this.#turned("update.back", sequence)),
    ];
    const refresh = () => this.refresh();
    for (const change of ["online", "offline"]) addEventListener(change, refresh);
    const clock = setInterval(refresh, REFRESH_MS);
    this.#ends.push(() => clearInterval(clock), () => ["online", "offline"].forEach((change) => removeEventListener(change, refresh)));
    view.notice.close.addEventListener("click", () => this.#hideNotice());
    view.install.act.addEventListener("click", () => this.#bring());
  }

  end() {
    for (const end of this.#ends) end();
  }

  /** Ask the knowledge base how it is, and show that. */
  async refresh() {
    this.status = await this.kb.getStatus();
    this.#showLine();
    this.#showInstall();
    await this.refreshed();
  }

  get installed() {
    return this.status?.installed ?? null;
  }

  /** What a reader asks for: what becomes of it is shown. @param {() => Promise<unknown>} act */
  async press(act) {
    this.answer = "";
    try {
      await act();
    } catch (error) {
      this.answer = this.wording.error(/** @type {any} */ (error).code, this.installed !== null);
    }
    this.updating = false;
    await this.refresh();
  }

  /** A reader takes what is offered. */
  #bring() {
    this.#started();
    return this.press(() => this.kb.update());
  }

  /** A short message at the foot. @param {string} text @param {{label?: string, act?: () => void, stay?: boolean}} [options] */
  tell(text, { label = "", act, stay = false } = {}) {
    const { notice } = this.view;
    clearTimeout(this.#timer);
    notice.text.textContent = text;
    notice.bar.hidden = true;
    notice.act.hidden = label === "";
    notice.act.textContent = label;
    notice.act.onclick = () => {
      this.#hideNotice();
      act?.();
    };
    notice.close.hidden = false;
    notice.box.hidden = false;
    if (!stay) this.#timer = setTimeout(() => this.#hideNotice(), NOTICE_MS);
  }

  #hideNotice() {
    this.view.notice.box.hidden = true;
  }

  /** Whether new releases come by themselves, also over the connection that there is now. */
  get #byItself() {
    return this.status?.mode === "automatic" && this.status.state !== "update-available";
  }

  // Events of the knowledge base

  /** @param {Events["updateAvailable"]} offer */
  async #available(offer) {
    await this.refresh();
    if (!this.installed || this.updating || this.#byItself || (offer.decision ?? "notify") !== "notify") return;
    this.tell(this.wording.offer(offer), { label: this.wording.say("update.install"), act: () => this.#bring(), stay: true });
  }

  #started() {
    this.updating = true;
    this.answer = "";
    this.view.install.text.textContent = this.wording.say("install.text");
    this.#showLine();
    this.#showInstall();
  }

  /** @param {Events["updateProgress"]} detail */
  #progress(detail) {
    // Python also starts for a check, which is none of a reader's business.
    if (!this.updating && (detail.stage !== "starting" || (!this.installed && this.#byItself))) this.#started();
    if (!this.updating) return;
    const { install, notice } = this.view;
    const { text, bar } = this.installed ? notice : install;
    const [told, share] = this.wording.progress(detail);
    this.share = share;
    if (this.status?.preview) return this.#showLine(); // there are hits, and nothing covers them
    text.textContent = told;
    bar.max = 100;
    if (share) bar.value = share;
    else bar.removeAttribute("value"); // it moves by itself
    if (!this.installed) return;
    clearTimeout(this.#timer);
    for (const part of [notice.act, notice.close]) part.hidden = true;
    for (const part of [notice.bar, notice.box]) part.hidden = false;
  }

  /** @param {Events["updateCompleted"]} detail */
  #completed({ sequence }) {
    this.updating = false;
    return this.#turned(this.installed ? "update.done" : "update.ready", sequence);
  }

  /** Something answers unverified now, or no longer. @param {object | null} detail */
  async #previewed(detail) {
    if (!detail) this.updating = false;
    await this.refresh();
    this.changed();
  }

  /** @param {string} text @param {number} sequence */
  async #turned(text, sequence) {
    await this.refresh();
    this.changed();
    this.tell(this.wording.say(text, { sequence }));
    setTimeout(() => this.refresh()); // the turn that told of it ends behind this, and only then is the host one that answers
  }

  /** @param {Events["updateFailed"]} detail */
  async #failed({ code }) {
    this.updating = false;
    this.#hideNotice();
    await this.refresh();
    if (this.installed && !QUIET.includes(code)) this.tell(this.wording.error(code, true));
  }

  // What is shown

  #showLine() {
    const { pill, pillText } = this.view;
    pill.hidden = this.status === null;
    const [tone, text] = this.#line();
    pill.dataset.tone = tone;
    pillText.textContent = text;
  }

  /** @returns {[string, string]} tone and text */
  #line() {
    const { status, wording } = this;
    const say = (/** @type {string} */ name) => wording.say(name);
    const failure = status?.lastError?.code;
    const offline = !navigator.onLine || failure === "network";
    if (!this.installed) {
      if (status?.preview) {
        const release = `${say("previewing")} · ${wording.say("release", { sequence: status.preview.sequence })}`;
        return [failure ? "warn" : "wait", this.updating && this.share ? `${release} · ${wording.percent(this.share)}` : release];
      }
      return this.updating ? ["wait", say("first")] : ["off", `${say("nothing")} · ${say(offline ? "offline" : "online")}`];
    }
    const { sequence, built } = this.installed;
    const release = `${wording.say("release", { sequence })} · ${wording.ago(built, Date.now())}`;
    if (this.updating) return ["wait", `${release} · ${say("updating")}`];
    if (offline) return ["off", `${release} · ${say("offline")}`];
    if (failure) return ["warn", `${release} · ${say("stale")}`];
    return status?.offer ? ["news", `${release} · ${say("available")}`] : ["good", `${release} · ${say("online")}`];
  }

  #showInstall() {
    const { status, updating, wording, view: { install, bones } } = this;
    install.box.hidden = status === null || this.installed !== null || (Boolean(status.preview) && (updating || !status.lastError));
    if (status === null) return;
    const taken = status.reason === "yanked" ? wording.say("install.yanked", { sequence: status.latest?.sequence ?? 0 }) : "";
    const away = navigator.onLine ? "" : wording.say("install.offline");
    const failed = updating ? "" : away || this.answer || (status.lastError ? wording.error(status.lastError.code) : taken);
    const asks = !updating && (failed !== "" || Boolean(status.reason) || !this.#byItself);
    install.bar.hidden = asks;
    if (asks) bones.hidden = true;
    install.act.hidden = !asks;
    const size = status.offer?.bytes ? wording.bytes(status.offer.cost ?? status.offer.bytes) : "";
    install.act.textContent = wording.say(failed ? "install.again" : "install.do", { size }).trim();
    install.title.textContent = wording.say(status.preview ? "previewing" : asks ? "install.ask.title" : "install.title");
    if (!updating) install.text.textContent = failed || wording.say(asks ? "install.ask.text" : "install.text"); // how far it is, `#progress` says
  }
}
