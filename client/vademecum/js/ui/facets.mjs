// @ts-check
/** Fields of the metadata: what the hits can be narrowed to, one row of buttons for each that has more than one value, and what is shown of a document. */

import { textOf } from "../search/question.mjs";
import { element, outside } from "./dom.mjs";

/** @typedef {Record<string, Record<string, number>>} Counts how many hits, by field and value */

const VALUES_SHOWN = 12;

/** What a document says in these fields; what has no letter says nothing without its name.
 * @param {Record<string, any>} metadata @param {Iterable<string>} fields @param {import("./texts.mjs").Wording} wording */
export function drawBadges(metadata, fields, wording) {
  return [...fields].flatMap((field) => [metadata[field]].flat().filter(textOf).map((value) => {
    const text = typeof value === "number" ? wording.number(value) : wording.named(field, textOf(value));
    return outside("span", { class: "badge", part: "badge" }, [/\p{L}/u.test(text) ? text : `${labelOf(field, wording)} ${text}`]);
  }));
}

/** @param {string} field such as `details.brand` @param {import("./texts.mjs").Wording} wording */
function labelOf(field, wording) {
  return wording.say(`facet.${field}`) || (field.split(".").at(-1) ?? field);
}

export class Facets {
  /** @type {Map<string, Set<string>>} */ #chosen = new Map();
  /** Of each field what could be chosen before anything of it was: to choose more of it. @type {Map<string, string[]>} */ #all = new Map();

  /** @param {HTMLElement} box @param {() => void} changed */
  constructor(box, changed) {
    this.box = box;
    this.changed = changed;
  }

  /** As `search` takes it. @returns {Record<string, string[]> | undefined} */
  get filters() {
    const chosen = [...this.#chosen].filter(([, values]) => values.size > 0);
    return chosen.length > 0 ? Object.fromEntries(chosen.map(([field, values]) => [field, [...values]])) : undefined;
  }

  /** @param {Counts} counts @param {import("./texts.mjs").Wording} wording @returns {string[]} the fields shown */
  show(counts, wording) {
    const fields = Object.keys(counts).filter((field) => this.#chosen.get(field)?.size || Object.keys(counts[field]).length > 1);
    this.box.replaceChildren(...fields.map((field) => this.#row(field, counts[field], wording)));
    this.box.hidden = fields.length === 0;
    return fields;
  }

  /** @param {string} field @param {Record<string, number>} counts @param {import("./texts.mjs").Wording} wording */
  #row(field, counts, wording) {
    const chosen = this.#chosen.get(field) ?? new Set();
    const found = Object.keys(counts).sort((a, b) => counts[b] - counts[a]);
    if (!chosen.size) this.#all.set(field, found);
    const values = [...new Set([...chosen, ...found, ...(this.#all.get(field) ?? [])])].slice(0, VALUES_SHOWN);
    const name = labelOf(field, wording);
    const buttons = values.map((value) => {
      const count = element("span", { class: "count" }, Object.hasOwn(counts, value) ? [`(${wording.number(counts[value])})`] : []);
      const label = outside("span", {}, [wording.named(field, value)]);
      const button = element("button", { type: "button", "aria-pressed": String(chosen.has(value)) }, [label, " ", count]);
      button.addEventListener("click", () => this.#toggle(field, value));
      return button;
    });
    return element("div", { role: "group", "aria-label": name, class: "facet", part: "facet" }, [outside("span", {}, [name]), ...buttons]);
  }

  /** @param {string} field @param {string} value */
  #toggle(field, value) {
    const chosen = this.#chosen.get(field) ?? new Set();
    if (!chosen.delete(value)) chosen.add(value);
    this.#chosen.set(field, chosen);
    this.changed();
  }
}
