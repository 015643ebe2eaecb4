// @ts-check
/** That a question is in a language in which no page is; loaded where a question has words that no page has. search/language.py is the twin. */

import { LANGUAGES } from "./stems.mjs";
import { dutch } from "./stop_words/dutch.mjs";
import { english } from "./stop_words/english.mjs";
import { french } from "./stop_words/french.mjs";
import { german } from "./stop_words/german.mjs";
import { italian } from "./stop_words/italian.mjs";
import { portuguese } from "./stop_words/portuguese.mjs";
import { russian } from "./stop_words/russian.mjs";
import { spanish } from "./stop_words/spanish.mjs";

/** @type {Record<string, string>} */
const LISTS = { dutch, english, french, german, italian, portuguese, russian, spanish };
const LEAST = 2;

/** The tag of the language that a question is in, or nothing: it is that of pages, or cannot be told.
 * @param {string[]} words of the question, folded @param {string[]} unknown those that no page has @param {string[]} languages tags that pages are in */
export function foreignLanguage(words, unknown, languages) {
  const here = new Set(languages.map((tag) => LANGUAGES.get(tag.toLowerCase().split("-")[0])));
  let [most, second, spoken, first] = [0, 0, 0, ""];
  for (const [tag, name] of LANGUAGES) {
    if (tag === "" || !LISTS[name]) continue;
    const list = new Set(LISTS[name].trim().split(/\s+/));
    const said = [...new Set(words)].filter((word) => list.has(word));
    if (here.has(name)) spoken = Math.max(spoken, said.length);
    else if (said.length > most) [most, second, first] = [said.length, most, unknown.some((word) => said.includes(word)) ? tag : ""];
    else second = Math.max(second, said.length);
  }
  return most >= Math.max(LEAST, 2 * spoken + 1, second + 1) ? first : "";
}
