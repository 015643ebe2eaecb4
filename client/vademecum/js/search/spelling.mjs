// @ts-check
/** Which words are a few changes away from another; search/spelling.py is the twin, and explains the walk. */

import { lowerBound } from "./encoder.mjs";

const BEYOND_16_BITS = /[\ud800-\udbff]/;

/** Its letters, one at each place: as Python counts them, also of a script beyond 16 bits. @param {string} word @returns {string | string[]} */
export function inLetters(word) {
  return BEYOND_16_BITS.test(word) ? [...word] : word;
}

/** The numbers of the sorted words that are at most `most` changes away; with `begun` a beginning of them suffices.
 * @param {string[]} words @param {string} word @param {number} most @param {boolean} begun
 * @param {number} [from] of the words that are looked at @param {number} [to] @returns {number[]} */
export function within(words, word, most, begun, from = 0, to = words.length) {
  const meant = inLetters(word);
  const { length } = meant;
  /** @type {number[]} */ const found = [];
  const rows = [Array.from({ length: length + 1 }, (_, i) => i)]; // used again: to make them anew takes longer than to fill them
  const least = [0];
  /** @type {string | string[]} */ let before = "";
  let depth = 0;
  for (let at = from; at < to; ) {
    const other = inLetters(words[at]);
    let shared = 0;
    while (shared < depth && before[shared] === other[shared]) shared++;
    for (depth = shared; depth < other.length && least[depth] <= most; depth++) least[depth + 1] = fillRow(rows, meant, other, depth, most);
    before = other;
    const left = depth < other.length;
    const reached = begun ? rows.slice(1, depth + 1) : left ? [] : [rows[depth]];
    const near = reached.some((row) => row[length] <= most);
    if (near) found.push(at);
    at += 1;
    if (left && !near) {
      const passed = [...other].slice(0, depth).join("");
      at += lowerBound(to - at, (i) => words[at + i].startsWith(passed));
    }
  }
  return found;
}

/** The numbers of the sorted words that are one change away, in their first letter.
 * @param {string[]} words @param {string} word @returns {number[]} */
export function otherwiseBegun(words, word) {
  const [first, second, ...rest] = word;
  const left = [second, ...rest].join("");
  const others = [left, [second, first, ...rest].join("")];
  for (let at = 0; at < words.length; ) {
    const [letter] = words[at];
    others.push(letter + left, letter + word);
    at += lowerBound(words.length - at, (i) => words[at + i].startsWith(letter));
  }
  return others.flatMap((other) => {
    const at = other.startsWith(first) ? -1 : lowerBound(words.length, (i) => words[i] < other);
    return words[at] === other ? [at] : [];
  });
}

/** That of the sorted words which a name was probably meant for: one change in three letters, two at most; or empty.
 * @param {string[]} words @param {string} word */
export function nearest(words, word) {
  const most = Math.min(2, Math.floor(word.length / 3));
  const found = [1, 2].flatMap((changes) => (changes > most ? [] : within(words, word, changes, false)));
  return found.length ? words[found[0]] : "";
}

/** Fill the row of one more letter of `other`. @param {number[][]} rows @param {string | string[]} word @param {string | string[]} other
 * @param {number} depth @param {number} most @returns {number} the least of the row */
function fillRow(rows, word, other, depth, most) {
  const above = rows[depth];
  const row = (rows[depth + 1] ??= []);
  let least = (row[0] = depth + 1);
  for (let i = 0; i < word.length; i++) {
    let cost = most + 1;
    if (Math.abs(i - depth) <= most) {
      cost = Math.min(row[i] + 1, above[i + 1] + 1, above[i] + Number(word[i] !== other[depth]));
      if (depth && i && word[i] === other[depth - 1] && word[i - 1] === other[depth]) cost = Math.min(cost, rows[depth - 1][i - 1] + 1);
    }
    row[i + 1] = cost;
    if (cost < least) least = cost;
  }
  return least;
}
