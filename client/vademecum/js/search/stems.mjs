// @ts-check
/** Snowball's stems, and the words that say little, by the language that documents say they are in; search/stems.py is the twin. */

/** The algorithm for the first part of a language tag (BCP 47), or for none. */
export const LANGUAGES = new Map(
  Object.entries({
    "": "english",
    ar: "arabic",
    ca: "catalan",
    cs: "czech",
    da: "danish",
    de: "german",
    el: "greek",
    en: "english",
    eo: "esperanto",
    es: "spanish",
    et: "estonian",
    eu: "basque",
    fa: "persian",
    fi: "finnish",
    fr: "french",
    ga: "irish",
    hi: "hindi",
    hu: "hungarian",
    hy: "armenian",
    id: "indonesian",
    it: "italian",
    lt: "lithuanian",
    nb: "norwegian",
    ne: "nepali",
    nl: "dutch",
    nn: "norwegian",
    no: "norwegian",
    pl: "polish",
    pt: "portuguese",
    ro: "romanian",
    ru: "russian",
    sr: "serbian",
    st: "sesotho",
    sv: "swedish",
    ta: "tamil",
    tr: "turkish",
    yi: "yiddish",
  }),
);
/** Each is a module of its own, named literally, as bundlers find it; `vade build` makes them (pages/stemmers.py).
 * @type {Record<string, () => Promise<{default: new () => Stemmer}>>} */
const STEMMERS = {
  arabic: () => import("./stemmers/arabic.js"),
  armenian: () => import("./stemmers/armenian.js"),
  basque: () => import("./stemmers/basque.js"),
  catalan: () => import("./stemmers/catalan.js"),
  czech: () => import("./stemmers/czech.js"),
  danish: () => import("./stemmers/danish.js"),
  dutch: () => import("./stemmers/dutch.js"),
  english: () => import("./stemmers/english.js"),
  esperanto: () => import("./stemmers/esperanto.js"),
  estonian: () => import("./stemmers/estonian.js"),
  finnish: () => import("./stemmers/finnish.js"),
  french: () => import("./stemmers/french.js"),
  german: () => import("./stemmers/german.js"),
  greek: () => import("./stemmers/greek.js"),
  hindi: () => import("./stemmers/hindi.js"),
  hungarian: () => import("./stemmers/hungarian.js"),
  indonesian: () => import("./stemmers/indonesian.js"),
  irish: () => import("./stemmers/irish.js"),
  italian: () => import("./stemmers/italian.js"),
  lithuanian: () => import("./stemmers/lithuanian.js"),
  nepali: () => import("./stemmers/nepali.js"),
  norwegian: () => import("./stemmers/norwegian.js"),
  persian: () => import("./stemmers/persian.js"),
  polish: () => import("./stemmers/polish.js"),
  portuguese: () => import("./stemmers/portuguese.js"),
  romanian: () => import("./stemmers/romanian.js"),
  russian: () => import("./stemmers/russian.js"),
  serbian: () => import("./stemmers/serbian.js"),
  sesotho: () => import("./stemmers/sesotho.js"),
  spanish: () => import("./stemmers/spanish.js"),
  swedish: () => import("./stemmers/swedish.js"),
  tamil: () => import("./stemmers/tamil.js"),
  turkish: () => import("./stemmers/turkish.js"),
  yiddish: () => import("./stemmers/yiddish.js"),
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
