// @ts-check
/** What chunks, their headings and their pages' titles say of a query, word for word. The twin of search/phrases.py. */

import { plainText } from "../format/markup.mjs";
import { PAIRED, isTyped, named, wordsOf } from "./tokens.mjs";

/** @typedef {import("./places.mjs").Candidate} Candidate */

/** The most letters of a name that texts are searched for. */
const MOST_SOUGHT = 256;
/** In the key or title of a document that tells what was new once, as change logs and posts do. */
const DATED = /\/(blog|news)\/|\/(change[-_ ]?(log|history)|changes\b|release[-_ ]?notes|what.?s[-_ ]?new)|[/_-](19|20)\d\d[-/_.]\d\d?[-/_.]\d\d?\b/i;

export class Phrases {
  /** Whether each document is dated; 2: not known yet. */ #dated;
  /** The letters that are searched for now. @type {string | undefined} */ #sought;

  /** @param {import("./generation.mjs").Generation} generation */
  constructor(generation) {
    this.generation = generation;
    this.#dated = new Uint8Array(generation.documents.length).fill(2);
    /** The letters of the name that is searched for (`#holding`), and where to continue in them after a mismatch. */
    this.letters = generation.passes.numbers(MOST_SOUGHT);
    this.back = generation.passes.numbers(MOST_SOUGHT + 1);
  }

  /** Says whether a row's innermost heading is the query, with or without its number, or its page's title has the words being typed, the last of several unfinished.
   * @param {string} query @param {ArrayLike<number>} [lengths] how many words the title of each document has: one with fewer than the query need not be read
   * @returns {(row: number) => boolean} */
  headed(query, lengths) {
    const runs = named(query);
    const asked = runs.join(" ");
    const letters = lettersIn(asked);
    const isBegun = runs.length > 1 && isTyped(query);
    const mayHold = this.#holding(asked);
    const { documents, owners } = this.generation;
    return (row) => {
      const { segment, row: place } = this.generation.place(row);
      const { bytes, offsets } = segment.headings;
      if (asked && mayEnd(bytes, offsets[place], offsets[place + 1], letters) && isCalled(named(segment.headings.at(place).split("\x1f").pop() ?? "").join(" "), asked)) return true;
      const at = owners[row];
      if (!isBegun || (lengths && lengths[at] < runs.length) || !mayHold(row, at, false)) return false;
      const page = documents[at];
      return goesOn(named(page.segment.titles.at(page.row)).join(" "), asked);
    };
  }

  /** Says, given the best row of a document, which of its rows to show first. Below a heading that is the query, that is the first
   * row below it. If the query is at least half of the title, it is the document's first row, unless the row's own heading has
   * the query too. @param {string} query @returns {(candidate: Candidate) => number | undefined} */
  leading(query) {
    const runs = named(query);
    const asked = runs.join(" ");
    const path = (/** @type {number} */ at) => {
      const { segment, row } = this.generation.place(at);
      return segment.headings.at(row).split("\x1f");
    };
    const mayHold = this.#holding(asked);
    return ({ at, shown }) => {
      if (!asked || !mayHold(at, shown, false)) return at;
      const names = path(at).map((heading) => named(heading).join(" "));
      const depth = names.findIndex((name) => isCalled(name, asked)) + 1;
      const title = named(this.generation.heads(shown).title);
      if (!depth && (holds(names.at(-1), asked) || title.length > 2 * runs.length || !holds(title.join(" "), asked))) return at;
      const above = (/** @type {number} */ at) => path(at).slice(0, depth).join("\x1f");
      return this.generation.reading(shown).find((one) => above(one) === above(at));
    };
  }

  /** Says how many words the query has, at least two, if a row (its text, headings, or page's title) has it word for word; else 0.
   * @param {string} query @param {boolean} [quoted] ignore what a reader does not see (the address of a link inside the phrase); in
   *   scripts without spaces, words need not end where the phrase does
   * @returns {(row: number) => number} */
  phrased(query, quoted) {
    const runs = named(query);
    const asked = runs.join(" ");
    const has = saying(asked, quoted);
    const mayHold = (quoted ? runs : [asked]).map((each) => this.#holding(each));
    const { documents, owners } = this.generation;
    return (row) => {
      if (!asked || !mayHold.every((may) => may(row, owners[row], true))) return 0;
      const page = documents[owners[row]];
      const { segment, row: at } = this.generation.place(row);
      const text = segment.texts.at(at);
      const said = [page.segment.titles.at(page.row), segment.headings.at(at), quoted ? plainText(text) : text].join(" ");
      return has(said) ? Math.max(2, wordsOf(query).length) : 0;
    };
  }

  /** Says whether a row's title, headings and (if `whole`) text may have the letters of a name, one after another, whatever joins
   * them. Each byte is looked at once (Knuth, Morris and Pratt).
   * @param {string} name @returns {(row: number, page: number, whole: boolean) => boolean} */
  #holding(name) {
    const { documents, passes } = this.generation;
    const { letters, back } = this;
    const sought = lettersIn(name).slice(0, letters.length);
    const those = letters.subarray(0, sought.length);
    return (row, page, whole) => {
      if (this.#sought !== sought) {
        this.#sought = sought;
        for (let i = 0, found = 0; i < sought.length; i++) {
          letters[i] = sought.charCodeAt(i);
          while (found && letters[i] !== letters[found]) found = back[found];
          if (i && letters[i] === letters[found]) found++;
          back[i + 1] = found; // of the first ones so many begin again at the end
        }
      }
      const { segment: { titles }, row: of } = documents[page];
      const { segment: { headings, texts }, row: at } = this.generation.place(row);
      return Boolean(passes.holds(those, back, titles.bytes, titles.offsets[of], titles.offsets[of + 1], headings.bytes, headings.offsets[at], headings.offsets[at + 1], texts.bytes, texts.offsets[at], texts.offsets[whole ? at + 1 : at]));
    };
  }

  /** Whether a row's page tells what was new once, judged by its key or title. @param {number} row */
  isDated = (row) => this.readDated(this.generation.owners[row]);

  /** The same of a document, read when it is first asked for. @param {number} at */
  readDated(at) {
    if (this.#dated[at] > 1) {
      const { key, segment, row: place } = this.generation.documents[at];
      this.#dated[at] = +DATED.test(`/${key}/${segment.titles.at(place)}`);
    }
    return this.#dated[at] > 0;
  }
}

/** Whether a heading is the query, with or without its number. @param {string} name @param {string} asked */
const isCalled = (name, asked) => [name, name.replace(/^[0-9]\S* /, "")].includes(asked);

/** @param {string | undefined} name @param {string} asked */
const holds = (name, asked) => ` ${name} `.includes(` ${asked} `);

/** Whether a name continues after these words, inside a word. @param {string} name @param {string} asked */
const goesOn = (name, asked) => ` ${name}`.includes(` ${asked}`) && !holds(name, asked);

/** Says whether a text has a phrase, word for word. @param {string} asked as `named` has it @param {boolean} [quoted] as in `phrased` @returns {(text: string) => boolean} */
function saying(asked, quoted) {
  const edge = quoted && asked.search(PAIRED) >= 0 ? "" : "[ ._/:-]";
  const has = new RegExp(edge + asked.replaceAll(".", "\\.") + edge);
  return (text) => has.test(` ${named(text).join(" ")} `);
}

/** Says where the last of these phrases begins in a text, or the word (between blanks) that it begins in; -1: nowhere.
 * @param {string[]} phrases @returns {(text: string) => number} */
export function standing(phrases) {
  const those = phrases.map((phrase) => saying(named(phrase).join(" "), true));
  const has = (/** @type {string} */ text) => those.some((has) => has(text));
  return (text) => {
    if (!has(text)) return -1;
    const starts = [0, ...Array.from(text.matchAll(/ /g), ({ index }) => index + 1)];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (has(text.slice(starts[middle]))) low = middle;
      else high = middle;
    }
    return starts[low];
  };
}

/** The ASCII letters and digits, in lower case, and all that is not ASCII. @param {string} named */
export function lettersIn(named) {
  return named.replace(/[\x00-/:-@[-`{-\x7f]/g, "");
}

/** The letter or digit of each byte, in lower case; 0: neither; negative: not ASCII, which may be folded to anything. */
const LETTERS = Int8Array.from({ length: 256 }, (_, byte) => (byte > 0x7f ? -1 : lettersIn(String.fromCharCode(byte).toLowerCase()).charCodeAt(0)));

/** Whether a text may end in these letters, judged by its bytes: few do, and decoding a hundred takes longer than ranking them.
 * @param {Uint8Array} bytes @param {number} from where it begins in them @param {number} to @param {string} letters */
export function mayEnd(bytes, from, to, letters) {
  let left = letters.length;
  for (let at = to - 1; at >= from && left > 0; at--) {
    const letter = LETTERS[bytes[at]];
    if (letter < 0) return true;
    if (letter && letter !== letters.charCodeAt(--left)) return false;
  }
  return left === 0;
}
