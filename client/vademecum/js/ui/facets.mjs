// @ts-check
/**
 * Fields of the metadata: what the hits can be narrowed to, and what is shown of a document. One row for each that has
 * more than one value: of buttons, or, where these are many numbers, of the least and the most. The first fields and the
 * commonest values, of versions the newest, are shown, and what is chosen; the rest unfolds: hits are what people came for.
 */

import { NUMBER, textOf } from "../search/question.mjs";
import { element, outside } from "./dom.mjs";

/** @typedef {Record<string, Record<string, number>>} Counts how many hits, by field and value */
/** @typedef {{min?: number, max?: number}} Range */

const FIELDS_SHOWN = 3;
const VALUES_SHOWN = 5;
const VALUES_UNFOLDED = 50;
const MANY_NUMBERS = 12;

/** Of versions the newest first: 2.10 before 2.9. */
const NEWEST = (/** @type {string} */ a, /** @type {string} */ b) => b.localeCompare(a, "en", { numeric: true });

/** What says nothing without the name of its field: what has no letter, and whether something is so. */
const BARE = /^(?:\P{L}*|true|false|yes|no)$/iu;

/** What a document says in these fields.
 * @param {Record<string, any>} metadata @param {Iterable<string>} fields @param {import("./texts.mjs").Wording} wording */
export function drawBadges(metadata, fields, wording) {
  return [...fields].flatMap((field) => [metadata[field]].flat().filter(textOf).map((value) => {
    const text = typeof value === "number" ? wording.figure(field, value) : wording.named(field, textOf(value));
    return outside("span", { class: "badge", part: "badge" }, [BARE.test(text) ? `${labelOf(field, wording)} ${text}` : text]);
  }));
}

/** @param {string} field such as `details.brand` @param {import("./texts.mjs").Wording} wording */
function labelOf(field, wording) {
  return wording.say(`facet.${field}`) || (field.split(".").at(-1) ?? field);
}

/** Of prices a few may be words: on request.
 * @param {string[]} values */
function areManyNumbers(values) {
  const numbers = values.filter((value) => NUMBER.test(value)).length;
  return numbers > MANY_NUMBERS && 2 * numbers > values.length;
}

/** How many of so many are shown: a single one is not worth a button that unfolds it. @param {number} count @param {number} shown */
function shownOf(count, shown) {
  return count > shown + 1 ? shown : count;
}

export class Facets {
  /** @type {Map<string, Set<string>>} */ #chosen = new Map();
  /** @type {Map<string, Range>} */ #ranges = new Map();
  /** Of each field what could be chosen before anything of it was: to choose more of it. @type {Map<string, string[]>} */ #all = new Map();

  /** Fields of which all values are shown; empty: all fields are. @type {Set<string>} */ #unfolded = new Set();

  /** @param {HTMLElement} box @param {() => void} changed */
  constructor(box, changed) {
    this.box = box;
    this.changed = changed;
  }

  /** As `search` takes it. @returns {Record<string, string[] | Range>} */
  get filters() {
    const chosen = [...this.#chosen].filter(([, values]) => values.size > 0).map(([field, values]) => [field, [...values]]);
    return Object.fromEntries([...chosen, ...this.#ranges]);
  }

  /** @param {Counts} counts @param {import("./texts.mjs").Wording} wording @returns {string[]} the fields, shown or folded */
  show(counts, wording) {
    const fields = Object.keys(counts).filter((field) => this.#ranges.has(field) || this.#chosen.get(field)?.size || Object.keys(counts[field]).length > 1);
    const ranged = (/** @type {string} */ field) => this.#ranges.has(field) || areManyNumbers(Object.keys(counts[field]));
    const { activeElement } = /** @type {ShadowRoot} */ (this.box.getRootNode());
    const held = this.box.contains(activeElement) && activeElement?.getAttribute("data-key");
    const inputs = [...this.box.querySelectorAll("input")].map((input) => /** @type {const} */ ([input.dataset.key, input.value]));
    const typed = new Map(inputs);
    const least = this.#unfolded.has("") ? fields.length : shownOf(fields.length, FIELDS_SHOWN);
    const shown = fields.filter((field, i) => i < least || this.#ranges.has(field) || this.#chosen.get(field)?.size);
    const again = () => this.show(counts, wording);
    const rows = shown.map((field) => (ranged(field) ? this.#span(field, typed, wording) : this.#row(field, counts[field], wording, again)));
    this.box.replaceChildren(...rows, ...this.#fold("", fields.length - shown.length, again, wording));
    this.box.hidden = fields.length === 0;
    /** @type {NodeListOf<HTMLElement>} */ const keyed = this.box.querySelectorAll("[data-key]");
    if (held) [...keyed].find((one) => one.dataset.key === held)?.focus(); // it is another one now
    return fields;
  }

  /** @param {string} field @param {Map<string | undefined, string>} typed what stands in the fields now, by their keys @param {import("./texts.mjs").Wording} wording */
  #span(field, typed, wording) {
    const name = labelOf(field, wording);
    const inputs = /** @type {const} */ (["min", "max"]).map((end) => {
      const [key, label] = [`${field} ${end}`, wording.say(`facet.${end}`)];
      const input = element("input", { type: "number", step: "any", placeholder: label, "aria-label": `${name}, ${label}`, "data-key": key });
      input.value = typed.get(key) ?? "";
      input.addEventListener("change", () => this.#within(field, end, input.value));
      return input;
    });
    return element("div", { role: "group", "aria-label": name, class: "facet", part: "facet" }, [outside("span", {}, [name]), inputs[0], " – ", inputs[1]]);
  }

  /** @param {string} field @param {keyof Range} end @param {string} value empty: any */
  #within(field, end, value) {
    const { [end]: _, ...range } = this.#ranges.get(field) ?? {};
    const wanted = value === "" ? range : { ...range, [end]: Number(value) };
    if (Object.keys(wanted).length > 0) this.#ranges.set(field, wanted);
    else this.#ranges.delete(field);
    this.changed();
  }

  /** @param {string} field @param {Record<string, number>} counts @param {import("./texts.mjs").Wording} wording @param {() => void} again draws all anew */
  #row(field, counts, wording, again) {
    const chosen = this.#chosen.get(field) ?? new Set();
    const found = Object.keys(counts).sort(field === "version" ? NEWEST : (a, b) => counts[b] - counts[a]);
    if (!chosen.size) this.#all.set(field, found);
    const all = [...new Set([...chosen, ...found, ...(this.#all.get(field) ?? [])])].slice(0, Math.max(VALUES_UNFOLDED, chosen.size));
    const values = this.#unfolded.has(field) ? all : all.slice(0, Math.max(chosen.size, shownOf(all.length, VALUES_SHOWN)));
    const name = labelOf(field, wording);
    const buttons = values.map((value) => {
      const count = element("span", { class: "count" }, Object.hasOwn(counts, value) ? [`(${wording.number(counts[value])})`] : []);
      const label = outside("span", {}, [wording.named(field, value)]);
      const button = element("button", { type: "button", "aria-pressed": String(chosen.has(value)), "data-key": `${field}=${value}` }, [label, " ", count]);
      button.addEventListener("click", () => this.#toggle(field, value));
      return button;
    });
    const fold = this.#fold(field, all.length - values.length, again, wording);
    return element("div", { role: "group", "aria-label": name, class: "facet", part: "facet" }, [outside("span", {}, [name]), ...buttons, ...fold]);
  }

  /** The button that unfolds what is not shown, or folds it; none where all is shown anyway.
   * @param {string} field empty: of the fields themselves @param {number} hidden @param {() => void} again @param {import("./texts.mjs").Wording} wording */
  #fold(field, hidden, again, wording) {
    const open = this.#unfolded.has(field);
    if (!open && hidden === 0) return [];
    const text = wording.say(`facet.${field ? "values" : "fields"}.${open ? "less" : "more"}`, { count: hidden });
    const button = element("button", { type: "button", class: "fold", "aria-expanded": String(open), "data-key": `${field}…` }, [text]);
    button.addEventListener("click", () => {
      if (!this.#unfolded.delete(field)) this.#unfolded.add(field);
      again();
    });
    return [button];
  }

  /** @param {string} field @param {string} value */
  #toggle(field, value) {
    const chosen = this.#chosen.get(field) ?? new Set();
    if (!chosen.delete(value)) chosen.add(value);
    this.#chosen.set(field, chosen);
    this.changed();
  }
}
