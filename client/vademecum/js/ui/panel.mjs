// @ts-check
/** The panel: what is on this device, and the buttons that steer it. */

import { element } from "./dom.mjs";
import { closeOnBackdrop } from "./reader.mjs";

/** @typedef {import("./state.mjs").State} State */
/** @typedef {import("../vademecum.d.mts").Mode} Mode */

const MODES = /** @type {const} */ (["automatic", "manual", "off"]);

export class Panel {
  /** @param {State} state @param {HTMLDialogElement} dialog @param {HTMLElement} body */
  constructor(state, dialog, body) {
    const { wording, kb } = state;
    const say = (/** @type {string} */ name) => wording.say(name);
    this.state = state;
    this.dialog = dialog;
    this.sentence = element("p", { id: "details-state" });
    this.facts = element("dl", { id: "facts", class: "facts" });
    this.modes = MODES.map((mode) => element("input", { type: "radio", name: "mode", value: mode }));
    this.modes.forEach((input, i) => input.addEventListener("change", () => this.#press(() => kb.setMode(MODES[i]))));
    const labels = MODES.map((mode, i) => element("label", {}, [
      this.modes[i], element("span", {}, [element("b", {}, [say(`mode.${mode}`)]), ` ${say(`mode.${mode}.text`)}`]),
    ]));
    this.check = this.#button("check", say("panel.check"), () => kb.checkForUpdates());
    this.update = this.#button("update", say("panel.update"), () => kb.update());
    this.back = this.#button("rollback", "", () => kb.rollback());
    body.append(
      this.sentence, this.facts,
      element("fieldset", { id: "modes", class: "modes" }, [element("legend", {}, [say("mode")]), ...labels]),
      element("p", { class: "acts" }, [this.check, this.update, this.back]),
      element("p", { class: "small-print" }, [say("panel.small")]),
    );
    closeOnBackdrop(dialog);
    state.refreshed = () => this.dialog.open && this.#show();
    state.view.pill.addEventListener("click", () => this.#open());
  }

  /** @param {string} id @param {string} label @param {() => Promise<unknown>} act */
  #button(id, label, act) {
    const made = element("button", { id, type: "button", class: "button" }, [label]);
    made.addEventListener("click", () => this.#press(act));
    return made;
  }

  async #open() {
    this.state.answer = "";
    this.dialog.showModal();
    await this.state.refresh();
  }

  /** @param {() => Promise<unknown>} act */
  async #press(act) {
    const buttons = [this.check, this.update, this.back];
    for (const button of buttons) button.disabled = true;
    this.sentence.textContent = this.state.wording.say("panel.wait");
    await this.state.press(act);
    for (const button of buttons) button.disabled = false;
  }

  async #show() {
    const { status, wording } = this.state;
    if (!status) return;
    this.sentence.textContent = this.#say(status);
    const facts = await this.#facts(status);
    this.facts.replaceChildren(...facts.flatMap(([name, value, kind]) => [
      element("dt", {}, [wording.say(`panel.${name}`)]),
      element("dd", {}, [kind ? element("code", { class: kind }, [value]) : value]),
    ]));
    for (const input of this.modes) input.checked = input.value === status.mode;
    this.update.hidden = !status.offer;
    this.back.hidden = !status.previous;
    const sequence = status.previous?.sequence ?? 0;
    const way = sequence > (status.installed?.sequence ?? 0) ? "panel.forward" : "panel.back";
    this.back.textContent = wording.say(way, { sequence });
  }

  /** @param {import("./state.mjs").Status} status */
  #say({ error, offer, installed, expired, latest, refused }) {
    const { answer, updating, wording } = this.state;
    if (answer) return answer;
    if (updating) return wording.say("panel.updating");
    if (error) return wording.error(error.code, installed !== null);
    if (offer) return wording.say("panel.offer", { sequence: offer.sequence, size: wording.bytes(offer.bytes) });
    if (expired) return wording.error("expired", installed !== null);
    if (latest && refused.includes(latest.sequence)) return wording.say("panel.left", { sequence: latest.sequence });
    return installed ? wording.say("panel.installed") : wording.error("empty");
  }

  /**
   * @param {import("./state.mjs").Status} status
   * @returns {Promise<[string, string, string?][]>} name, value, and a class for values that are code
   */
  async #facts({ installed, contacted, checked }) {
    const { wording } = this.state;
    /** @type {[string, string, string?][]} */
    const facts = [];
    if (installed) {
      facts.push(["release", `${installed.sequence} (${installed.version})`], ["built", wording.moment(installed.built)]);
      facts.push(["documents", wording.number(installed.documents)], ["passages", wording.number(installed.chunks)]);
      facts.push(["encoder", wording.say("panel.dimensions", { count: installed.dimensions })]);
      if (installed.digest) facts.push(["digest", installed.digest, "digest"]);
    }
    const asked = contacted ?? checked;
    if (asked) facts.push(["checked", wording.moment(asked)]);
    const used = (await navigator.storage?.estimate())?.usage;
    if (used) facts.push(["stored", wording.bytes(used)]);
    return facts;
  }
}
