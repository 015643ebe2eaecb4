// @ts-check
/**
 * What the search says, in the language of its page: texts of ours, numbers and times of `Intl`. Pure, but for loading.
 *
 * A text is a string with `{names}` in it, or one for each plural category of the language.
 */

import { en } from "./texts/en.mjs";

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Text */
/** @typedef {Record<string, Text>} Texts */

/** @type {Map<string, () => Promise<Texts>>} */
const LANGUAGES = new Map([
  ["en", async () => en],
  ["de", async () => (await import("./texts/de.mjs")).de],
  ["ar", async () => (await import("./texts/ar.mjs")).ar],
]);
const PRICE = /price|cost|preis|prix|precio|prezzo/iu;
const UNITS = /** @type {const} */ ([["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]]);
const TIMES = /** @type {const} */ (
  [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]]
);

/** Teach the search another language, or other words. What is missing is said as before, or in English. @param {string} language such as `fr`
 * @param {Texts} texts the keys of ui/texts/en.mjs */
export function addTexts(language, texts) {
  const before = LANGUAGES.get(language);
  LANGUAGES.set(language, async () => ({ ...(await before?.()), ...texts }));
}

/** The wording of the first of these language tags, such as `de-AT`, whose language there is, else English. @param {readonly string[]} tags */
export async function wordingFor(...tags) {
  const names = tags.flatMap((tag) => [tag.toLowerCase(), tag.toLowerCase().split("-")[0]]);
  const found = names.find((name) => LANGUAGES.has(name)) ?? "en";
  const load = /** @type {() => Promise<Texts>} */ (LANGUAGES.get(found));
  return new Wording(found, await load().catch(() => en)); // a module that did not come: English is here
}

export class Wording {
  /** @param {string} language @param {Texts} texts */
  constructor(language, texts) {
    this.language = language;
    this.texts = texts;
    this.direction = typeof texts.direction === "string" ? texts.direction : "ltr";
    this.plurals = new Intl.PluralRules(language);
  }

  /** @param {string} name of a text @param {Record<string, string | number>} [values] what stands in the braces; `count` chooses the plural */
  say(name, values = {}) {
    const text = this.texts[name] ?? en[name] ?? "";
    const chosen = typeof text === "string" ? text : (text[this.plurals.select(Number(values.count))] ?? text.other ?? "");
    return chosen.replace(/\{(\w+)\}/gu, (_, key) => {
      const value = values[key] ?? "";
      return key === "count" ? this.number(Number(value)) : String(value); // a release is called 5713, not 5,713
    });
  }

  /** @param {number} count */
  number(count) {
    return count.toLocaleString(this.language);
  }

  /** A number of a document, as it was written: a year and an article's number without a comma, of a price two digits.
   * @param {string} field @param {number} value */
  figure(field, value) {
    const minimumFractionDigits = value % 1 && PRICE.test(field) ? 2 : 0;
    const useGrouping = /** @type {any} */ ("min2"); // TypeScript knows it of later years
    return value.toLocaleString(this.language, { useGrouping, minimumFractionDigits, maximumFractionDigits: 20 });
  }

  /** @param {number} share of 100 */
  percent(share) {
    return (share / 100).toLocaleString(this.language, { style: "percent" });
  }

  /** What a value of a field is called: a language by its name. @param {string} field @param {string} value */
  named(field, value) {
    try {
      return (field === "lang" && value && new Intl.DisplayNames(this.language, { type: "language" }).of(value)) || value;
    } catch {
      return value; // no tag of a language
    }
  }

  /** Decimal sizes of at most three digits. @param {number} count */
  bytes(count) {
    const [unit, size] = UNITS.find(([, least]) => count / least >= 0.9995) ?? ["byte", 1];
    const value = count / size;
    const digits = size > 1 && value < 9.95 ? 1 : 0;
    const unitDisplay = size > 1 ? "short" : "long"; // "0 byte" is no English
    return value.toLocaleString(this.language, { style: "unit", unit, unitDisplay, minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  /** Whole units, rounded down; a clock that is behind makes nothing older. @param {string} then ISO time @param {number} now milliseconds */
  ago(then, now) {
    const seconds = Math.max(0, (now - Date.parse(then)) / 1000);
    const [unit, size] = TIMES.find(([, least]) => seconds >= least) ?? ["second", Infinity];
    return new Intl.RelativeTimeFormat(this.language, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
  }

  /** @param {string} iso */
  moment(iso) {
    return new Date(iso).toLocaleString(this.language, { dateStyle: "medium", timeStyle: "short" });
  }

  /** What went wrong, and whether the reader has to do anything. @param {string} code
   * @param {boolean} [installed] something is installed, and goes on */
  error(code, installed = false) {
    const text = this.say(`error.${code}`) || this.say("error");
    return installed && code !== "empty" ? `${text} ${this.say("error.goesOn")}` : text;
  }

  /** What a release brings, and what it costs in all; an older knowledge base does not know. @param {{sequence: number, bytes?: number, cost?: number, documents?: number | null}} offer */
  offer({ sequence, bytes = 0, cost = bytes, documents }) {
    const size = cost ? this.bytes(cost) : "";
    if (documents) return this.say("panel.offer", { sequence, size, count: documents });
    return this.say("update.offer", { sequence }) + (size && ` (${size})`);
  }

  /** What is done now, and how far it is, in percent; 0: nobody knows, as of what is waited for when all bytes have come.
   * @param {{stage: string, bytes: number, totalBytes: number, percentage: number}} progress @returns {[string, number]} */
  progress({ stage, bytes, totalBytes, percentage }) {
    const [done, total] = [bytes, totalBytes].map((count) => this.bytes(count));
    const whole = done === total;
    const name = this.say(`stage.${stage === "starting" && bytes > 0 && whole ? "started" : stage}`) || this.say("stage");
    return totalBytes > 0 && !whole ? [this.say("progress", { stage: name, done, total }), percentage] : [`${name} …`, 0];
  }
}
