// @ts-check
/** The panel: what is on this device, the buttons that steer it, and what is done unasked. */

import { element } from "./dom.mjs";
import { closeOnBackdrop } from "./reader.mjs";
import { MODES } from "../update/policy.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {import("./state.mjs").Status} Status */
/** @typedef {import("../vademecum.d.mts").Policy} Policy */

/** What may be chosen in a menu; the channels are those that the publisher names, and Wi-Fi is offered where a browser knows of it. */
const MENUS = /** @type {const} */ ({
  channel: [],
  connection: ["unmetered", "any", "wifi"],
  maxUpdateBytes: [0, 1e6, 10e6, 100e6],
  leastDocuments: [0, 5, 20, 100],
  activation: ["now", "next-start"],
});

export class Panel {
  /** @param {State} state @param {HTMLDialogElement} dialog @param {HTMLElement} body */
  constructor(state, dialog, body) {
    const { wording, kb } = state;
    const say = (/** @type {string} */ name) => wording.say(name);
    this.state = state;
    this.dialog = dialog;
    this.sentence = element("p", { id: "details-state", role: "status" });
    this.facts = element("dl", { id: "facts", class: "facts" });
    this.more = element("dl", { id: "about", class: "facts" });
    this.modes = MODES.map((mode) => element("input", { type: "radio", name: "mode", value: mode }));
    this.modes.forEach((input, i) => input.addEventListener("change", () => this.#press(() => kb.setMode(MODES[i]))));
    const labels = MODES.map((mode, i) => element("label", {}, [
      this.modes[i], element("span", {}, [element("b", {}, [say(`mode.${mode}`)]), " " + say(`mode.${mode}.text`)]),
    ]));
    this.menus = Object.keys(MENUS).map((name) => this.#menu(name));
    this.pin = element("input", { id: "pin", type: "checkbox" });
    this.pin.addEventListener("change", () => this.#press(() => kb.pin(this.pin.checked ? (state.installed?.sequence ?? null) : null)));
    this.pinned = element("label", {}, [this.pin, element("span", {}, [say("policy.pin")])]);
    this.check = this.#button("check", () => this.#look());
    this.update = this.#button("update", () => kb.update());
    this.skip = this.#button("skip", () => kb.skip(state.status?.offer?.sequence ?? null));
    this.take = this.#button("take", () => this.#take());
    this.back = this.#button("rollback", () => kb.rollback());
    this.check.textContent = say("panel.check");
    this.update.textContent = say("panel.update");
    this.settings = element("fieldset", { id: "settings", class: "modes" }, [
      element("legend", {}, [say("policy")]), ...this.menus.map(({ label }) => label), this.pinned,
    ]);
    body.append(
      this.sentence, element("p", { class: "acts" }, [this.update, this.take, this.check, this.skip, this.back]), this.facts,
      element("fieldset", { id: "modes", class: "modes" }, [element("legend", {}, [say("mode")]), ...labels]), this.settings,
      element("details", { class: "about" }, [element("summary", {}, [say("panel.about")]), this.more]),
      element("p", { class: "small-print" }, [say("panel.small")]),
    );
    closeOnBackdrop(dialog);
    state.refreshed = () => this.dialog.open && this.#show();
    state.view.pill.addEventListener("click", () => this.#open());
  }

  /** @param {string} id @param {() => Promise<unknown>} act */
  #button(id, act) {
    const made = element("button", { id, type: "button", class: "button" });
    made.addEventListener("click", () => this.#press(act));
    return made;
  }

  /** @param {string} name of a choice */
  #menu(name) {
    const { kb, wording } = this.state;
    const select = element("select", { id: `policy-${name}` });
    const number = typeof MENUS[/** @type {keyof typeof MENUS} */ (name)][0] === "number";
    select.addEventListener("change", () => this.#press(() => kb.setPolicy({ [name]: number ? Number(select.value) : select.value })));
    return { name, select, label: element("label", { class: "menu" }, [element("span", {}, [wording.say(`policy.${name}`)]), select]) };
  }

  async #open() {
    this.state.answer = "";
    this.dialog.showModal();
    await this.state.refresh();
  }

  /** Ask the host; where new releases come by themselves, what was found is brought at once. */
  async #look() {
    const found = await this.state.kb.checkForUpdates();
    if (found?.decision === "install") await this.state.kb.update();
  }

  /** A release that was left or passed over comes again. */
  async #take() {
    await this.state.kb.skip(null);
    await this.state.kb.update();
  }

  /** @param {() => Promise<unknown>} act */
  async #press(act) {
    const buttons = [this.check, this.update, this.skip, this.take, this.back];
    for (const button of buttons) button.disabled = true;
    this.sentence.textContent = this.state.wording.say("panel.wait");
    await this.state.press(act);
    for (const button of buttons) button.disabled = false;
  }

  async #show() {
    const { status, wording, kb } = this.state;
    if (!status) return;
    const { offer, previous, installed, refused, reasons = {}, latest, pinned } = status;
    const local = (await kb.getLocalVersion?.())?.sequence ?? installed?.sequence;
    this.sentence.textContent = this.#say(status, local);
    fill(this.facts, wording, await this.#facts(status));
    fill(this.more, wording, about(status, wording));
    for (const input of this.modes) input.checked = input.value === status.mode;
    this.update.hidden = this.skip.hidden = !offer;
    this.skip.textContent = wording.say("panel.skip", { sequence: offer?.sequence ?? 0 });
    const left = latest && refused.includes(latest.sequence) && !reasons[latest.sequence] ? latest.sequence : 0;
    this.take.hidden = !left || left === previous?.sequence;
    this.take.textContent = wording.say("panel.forward", { sequence: left });
    this.back.hidden = !previous;
    const sequence = previous?.sequence ?? 0;
    this.back.textContent = wording.say(sequence > (installed?.sequence ?? 0) ? "panel.forward" : "panel.back", { sequence });
    this.pin.checked = pinned !== null;
    this.pinned.hidden = !installed;
    this.#showMenus(status);
  }

  /** @param {Status} status of an older knowledge base, too, which knows no policy */
  #showMenus({ policy, channels = [] }) {
    this.settings.hidden = !policy;
    for (const { name, select, label } of policy ? this.menus : []) {
      const key = /** @type {keyof typeof MENUS} */ (name);
      const chosen = policy[key] ?? 0;
      /** @type {readonly (string | number)[]} */ const all = key === "channel" ? channels : MENUS[key];
      const values = all.filter((value) => value !== "wifi" || chosen === "wifi" || /** @type {any} */ (navigator).connection?.type);
      if (!values.includes(chosen)) values.unshift(chosen);
      label.hidden = values.length < 2;
      select.replaceChildren(...values.map((value) => element("option", { value: String(value) }, [this.#value(key, value)])));
      select.value = String(chosen);
    }
  }

  /** @param {keyof typeof MENUS} name @param {string | number} value */
  #value(name, value) {
    const { wording } = this.state;
    if (name === "channel") return String(value);
    if (typeof value === "string" || value === 0) return wording.say(`policy.${name}.${value}`);
    return name === "maxUpdateBytes" ? wording.bytes(value) : wording.say(`policy.${name}.count`, { count: value });
  }

  /** @param {Status} status @param {number | undefined} local the release that answers here */
  #say({ lastError, offer, installed, expired, latest, refused, reason }, local) {
    const { answer, updating, wording } = this.state;
    if (answer) return answer;
    if (updating) return wording.say("panel.updating");
    if (lastError) return wording.error(lastError.code, installed !== null);
    if (offer) return [wording.offer(offer), offer.reason && wording.say(`wait.${offer.reason}`)].filter(Boolean).join(" ");
    if (expired) return wording.error("expired", installed !== null);
    if (latest && refused.includes(latest.sequence)) return wording.say("panel.left", { sequence: latest.sequence });
    if (installed && local !== installed.sequence) return wording.say("panel.next", { sequence: installed.sequence });
    if (!installed && latest && reason === "yanked") return wording.say("install.yanked", { sequence: latest.sequence });
    return installed ? wording.say("panel.installed") : wording.error("empty");
  }

  /** @param {Status} status @returns {Promise<[string, string][]>} name, value */
  async #facts({ installed, contacted, checked }) {
    const { wording } = this.state;
    /** @type {[string, string][]} */
    const facts = [];
    if (installed) {
      facts.push(["release", `${installed.sequence} (${installed.version})`], ["built", wording.moment(installed.built)]);
      facts.push(["documents", wording.number(installed.documents)]);
    }
    const asked = contacted ?? checked;
    if (asked) facts.push(["checked", wording.moment(asked)]);
    const used = (await navigator.storage?.estimate())?.usage;
    if (used) facts.push(["stored", wording.bytes(used)]);
    return facts;
  }
}

/** What only those ask for who want to know exactly.
 * @param {Status} status @param {import("./texts.mjs").Wording} wording @returns {[string, string, string?][]} name, value, and a class for values that are code */
function about({ installed }, wording) {
  if (!installed) return [];
  return [["passages", wording.number(installed.chunks)], ["digest", installed.digest ?? "", "digest"]];
}

/** @param {HTMLElement} list @param {import("./texts.mjs").Wording} wording @param {[string, string, string?][]} facts */
function fill(list, wording, facts) {
  list.replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value, kind]) => [
    element("dt", {}, [wording.say(`panel.${name}`)]),
    element("dd", {}, [kind ? element("code", { class: kind }, [value]) : value]),
  ]));
}
