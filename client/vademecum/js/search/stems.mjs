// @ts-check
/** Snowball's stems, and the words that say little, by the language that documents say they are in; search/stems.py is the twin. */

/** The algorithm for the first part of a language tag (BCP 47), or for none. */
export const LANGUAGES = new Map(
  Object.entries({
    "": "english",
    da: "danish",
    de: "german",
    en: "english",
    es: "spanish",
    fi: "finnish",
    fr: "french",
    hu: "hungarian",
    it: "italian",
    nl: "dutch",
    no: "norwegian",
    nb: "norwegian",
    nn: "norwegian",
    pt: "portuguese",
    ro: "romanian",
    ru: "russian",
    sv: "swedish",
  }),
);
/** Each is a module of its own, named literally, as bundlers find it; `vade build` makes them (pages/stemmers.py).
 * @type {Record<string, () => Promise<{default: new () => Stemmer}>>} */
const STEMMERS = {
  danish: () => import("./stemmers/danish.js"),
  dutch: () => import("./stemmers/dutch.js"),
  english: () => import("./stemmers/english.js"),
  finnish: () => import("./stemmers/finnish.js"),
  french: () => import("./stemmers/french.js"),
  german: () => import("./stemmers/german.js"),
  hungarian: () => import("./stemmers/hungarian.js"),
  italian: () => import("./stemmers/italian.js"),
  norwegian: () => import("./stemmers/norwegian.js"),
  portuguese: () => import("./stemmers/portuguese.js"),
  romanian: () => import("./stemmers/romanian.js"),
  russian: () => import("./stemmers/russian.js"),
  spanish: () => import("./stemmers/spanish.js"),
  swedish: () => import("./stemmers/swedish.js"),
};
/** Of the others there are no lists. @type {Record<string, () => Promise<Record<string, string>>>} */
const STOP_WORDS = {
  dutch: () => import("./stop_words/dutch.mjs"),
  english: () => import("./stop_words/english.mjs"),
  french: () => import("./stop_words/french.mjs"),
  german: () => import("./stop_words/german.mjs"),
  italian: () => import("./stop_words/italian.mjs"),
  portuguese: () => import("./stop_words/portuguese.mjs"),
  russian: () => import("./stop_words/russian.mjs"),
  spanish: () => import("./stop_words/spanish.mjs"),
};
/** Languages that write several words as one. */
const TOGETHER = ["danish", "dutch", "finnish", "german", "hungarian", "norwegian", "swedish"];
const DEFAULT = "english";
const MOST_STEMS = 1 << 16;

/** @param {string[]} tags @returns {string[]} sorted, each once; that of English where none is known */
export function algorithmsOf(tags) {
  const found = tags.flatMap((tag) => LANGUAGES.get(tag.toLowerCase().split("-")[0]) ?? []);
  return found.length ? [...new Set(found)].sort() : [DEFAULT];
}

export class Stems {
  /** @type {Map<string, string[]>} */ #known = new Map();

  /** @param {Stemmer[]} stemmers @param {Set<string>} stop words that say little @param {typeof import("./compounds.mjs").longer} [longer] */
  constructor(stemmers, stop, longer = () => []) {
    this.stemmers = stemmers;
    this.stop = stop;
    this.longer = longer;
  }

  /** What each algorithm leaves of a folded word. @param {string} word */
  of(word) {
    let stems = this.#known.get(word);
    if (!stems) {
      if (this.#known.size >= MOST_STEMS) this.#known.clear();
      this.#known.set(word, (stems = this.stemmers.map((stemmer) => stemmer.stemWord(word))));
    }
    return stems;
  }
}

/** @param {string[]} algorithms each is a module of its own @returns {Promise<Stems>} */
export async function loadStems(algorithms) {
  const modulesOf = (/** @type {Record<string, () => Promise<any>>} */ kind) => Promise.all(algorithms.map((name) => kind[name]?.()));
  const [modules, lists] = await Promise.all([STEMMERS, STOP_WORDS].map(modulesOf));
  const compounds = algorithms.some((name) => TOGETHER.includes(name)) ? await import("./compounds.mjs") : undefined;
  const stop = lists.flatMap((list) => Object.values(list ?? {})).flatMap((/** @type {string} */ words) => words.trim().split(/\s+/));
  return new Stems(modules.map((module) => new module.default()), new Set(stop), compounds?.longer);
}
