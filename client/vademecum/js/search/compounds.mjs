// @ts-check
/** Words that others are put together of, in languages that write several as one; `_put_together` of search/words.py is the twin. */

/** Letters of a word that others are put together of, and of what they have beside it. */
const [LEAST_PART, LEAST_REST] = [4, 3];

/** The numbers of the longer words that end or begin with this one, as *Bratpfanne* does with *Pfanne*, *Duschkopf* with *Dusche*.
 * @param {string[]} words @param {string} word @param {import("./stems.mjs").Stems} stems */
export function longer(words, word, stems) {
  const asked = stems.of(word).filter((stem) => stem.length >= LEAST_PART);
  const has = (/** @type {string} */ each) =>
    asked.some((stem) => each.includes(stem)) &&
    [each, ...stems.of(each)].some((form) => asked.some((stem) => form.length >= stem.length + LEAST_REST && (form.endsWith(stem) || form.startsWith(stem))));
  return words.flatMap((each, number) => (has(each) ? number : []));
}
