// @ts-check
/** Words that others are put together of, in languages that write several as one; search/compounds.py is the twin. */

/** Letters of a word that others are put together of, and of what they have beside it. */
const [LEAST_PART, LEAST_REST] = [4, 3];
/** Letters that a stem lacks at most; what lacks more (*sich* of *Sicherheit*) begins words of another meaning. */
const LONGEST_ENDING = 3;

/** The numbers of the longer words that end or begin with this one, as *Bratpfanne* does with *Pfanne*, *Duschkopf* with *Dusche*.
 * @param {string[]} words @param {string} word @param {import("./stems.mjs").Stems} stems */
export function longer(words, word, stems) {
  const least = Math.max(LEAST_PART, word.length - LONGEST_ENDING);
  const asked = stems.of(word).filter((stem) => stem.length >= least);
  // But for a doubled letter this is how it begins: *Newsleter* is misspelt, and no part of *Newsletters*.
  const isMeant = (/** @type {string} */ each) => !each.startsWith(word) && single(each).startsWith(single(word));
  const has = (/** @type {string} */ each) =>
    asked.some((stem) => each.includes(stem)) &&
    [each, ...stems.of(each)].some((form) => asked.some((stem) => form.length >= stem.length + LEAST_REST && (form.endsWith(stem) || (!isMeant(each) && form.startsWith(stem)))));
  return words.flatMap((each, number) => (has(each) ? number : []));
}

/** A word with each doubled letter once. @param {string} word */
function single(word) {
  return word.replace(/(.)\1+/gu, "$1");
}
