// @ts-check
/** Snowball's stems, and the words that say little, by the language that documents say they are in; search/stems.py is the twin. */

/** Each algorithm is a module of its own, named literally, as bundlers find it; `vade build` makes them (pages/stemmers.py). Behind it the first
 * parts of the language tags (BCP 47) that it is for; empty: of no tag. @type {Record<string, [() => Promise<{default: new () => Stemmer}>, ...string[]]>} */
const STEMMERS = {
  arabic: [() => import("./stemmers/arabic.js"), "ar"],
  armenian: [() => import("./stemmers/armenian.js"), "hy"],
  basque: [() => import("./stemmers/basque.js"), "eu"],
  catalan: [() => import("./stemmers/catalan.js"), "ca"],
  czech: [() => import("./stemmers/czech.js"), "cs"],
  danish: [() => import("./stemmers/danish.js"), "da"],
  dutch: [() => import("./stemmers/dutch.js"), "nl"],
  english: [() => import("./stemmers/english.js"), "", "en"],
  esperanto: [() => import("./stemmers/esperanto.js"), "eo"],
  estonian: [() => import("./stemmers/estonian.js"), "et"],
  finnish: [() => import("./stemmers/finnish.js"), "fi"],
  french: [() => import("./stemmers/french.js"), "fr"],
  german: [() => import("./stemmers/german.js"), "de"],
  greek: [() => import("./stemmers/greek.js"), "el"],
  hindi: [() => import("./stemmers/hindi.js"), "hi"],
  hungarian: [() => import("./stemmers/hungarian.js"), "hu"],
  indonesian: [() => import("./stemmers/indonesian.js"), "id"],
  irish: [() => import("./stemmers/irish.js"), "ga"],
  italian: [() => import("./stemmers/italian.js"), "it"],
  lithuanian: [() => import("./stemmers/lithuanian.js"), "lt"],
  nepali: [() => import("./stemmers/nepali.js"), "ne"],
  norwegian: [() => import("./stemmers/norwegian.js"), "nb", "nn", "no"],
  persian: [() => import("./stemmers/persian.js"), "fa"],
  polish: [() => import("./stemmers/polish.js"), "pl"],
  portuguese: [() => import("./stemmers/portuguese.js"), "pt"],
  romanian: [() => import("./stemmers/romanian.js"), "ro"],
  russian: [() => import("./stemmers/russian.js"), "ru"],
  serbian: [() => import("./stemmers/serbian.js"), "sr"],
  sesotho: [() => import("./stemmers/sesotho.js"), "st"],
  spanish: [() => import("./stemmers/spanish.js"), "es"],
  swedish: [() => import("./stemmers/swedish.js"), "sv"],
  tamil: [() => import("./stemmers/tamil.js"), "ta"],
  turkish: [() => import("./stemmers/turkish.js"), "tr"],
  yiddish: [() => import("./stemmers/yiddish.js"), "yi"],
};
/** The algorithm for the first part of a language tag, or for none. */
export const LANGUAGES = new Map(Object.entries(STEMMERS).flatMap(([name, [, ...tags]]) => tags.map((tag) => /** @type {[string, string]} */ ([tag, name]))));
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
/** What an algorithm takes off in front of a word: so others of the same stem begin. @type {Record<string, string>} */
const BEFORE = {
  arabic: "ال بال كال لل ف و ب",
  indonesian: "di ke me mem men meng pe pem pen peng ter memper diper",
  sesotho: "ba boi le li ma me mo se",
};
const DEFAULT = "english";
/** Words whose stems are kept. */
export const MOST_STEMS = 1 << 16;

/** @param {string[]} tags @returns {string[]} sorted, each once; that of English where none is known */
export function algorithmsOf(tags) {
  const found = tags.flatMap((tag) => LANGUAGES.get(tag.toLowerCase().split("-")[0]) ?? []);
  return found.length ? [...new Set(found)].sort() : [DEFAULT];
}

export class Stems {
  /** @type {Map<string, string>} */ #known = new Map();

  /** @param {Stemmer[]} stemmers @param {Set<string>} stop words that say little @param {typeof import("./compounds.mjs").longer} [longer]
   * @param {string[]} [before] what the stemmers take off in front */
  constructor(stemmers, stop, longer = () => [], before = []) {
    this.stemmers = stemmers;
    this.stop = stop;
    this.longer = longer;
    this.before = before;
  }

  /** What each algorithm leaves of a folded word. @param {string} word */
  of(word) {
    return this.#joined(word).split(" ");
  }

  /** Whether a word has one of these stems. @param {string} word @param {string[]} stems */
  has(word, stems) {
    return stems.includes(this.#joined(word)) || (this.stemmers.length > 1 && this.of(word).some((stem) => stems.includes(stem)));
  }

  /** The stems of a word, joined by spaces: an array of each would be half of what is kept. @param {string} word */
  #joined(word) {
    let stems = this.#known.get(word);
    if (stems === undefined) {
      if (this.#known.size >= MOST_STEMS) this.#known.clear();
      stems = this.stemmers.map((stemmer) => stemmer.stemWord(word)).join(" ");
      this.#known.set(word, stems === word ? word : stems); // one copy
    }
    return stems;
  }
}

/** @param {string[]} algorithms each is a module of its own @returns {Promise<Stems>} */
export async function loadStems(algorithms) {
  const each = (/** @type {string} */ name) => Promise.all([STEMMERS[name][0](), STOP_WORDS[name]?.()]);
  const loaded = await Promise.all(algorithms.map(each));
  const compounds = algorithms.some((name) => TOGETHER.includes(name)) ? await import("./compounds.mjs") : undefined;
  const stop = loaded.flatMap(([, list]) => Object.values(list ?? {})).flatMap((/** @type {string} */ words) => words.trim().split(/\s+/));
  const stemmers = loaded.map(([module], at) => {
    const stemmer = new module.default();
    return algorithms[at] === DEFAULT ? { stemWord: (/** @type {string} */ word) => spelling(stemmer.stemWord(word)) } : stemmer;
  });
  return new Stems(stemmers, new Set(stop), compounds?.longer, algorithms.flatMap((name) => BEFORE[name]?.split(" ") ?? []));
}

/** One spelling for all that an English stem has: site/content/decisions/words.md. @param {string} stem */
function spelling(stem) {
  if (!/^[a-z]{5,}$/.test(stem)) return stem;
  const same = stem.replace(/(.)([^aeiou])\2/g, "$1$2").replace(/z/g, "s").replace(/gh/g, "g").replace(/c$/, "s").replace(/([bt])r$/, "$1er");
  return stem.length > 5 ? same.replace(/our/g, "or").replace(/a$/, "") : same;
}
