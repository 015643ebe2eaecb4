// @ts-check
/** Which words are a few changes away from another; search/spelling.py is the twin, and explains the walk. */

import { lowerBound } from "./encoder.mjs";

const BEYOND_16_BITS = /[\ud800-\udbff]/;

/** Its letters, one at each place: as Python counts them, also of a script beyond 16 bits. @param {string} word @returns {string | string[]} */
export function inLetters(word) {
  return BEYOND_16_BITS.test(word) ? [...word] : word;
}

/** The numbers of the sorted words that are at most `most` changes away; with `begun` a beginning of them suffices.
 * @param {string[]} words @param {string} word @param {number} most @param {boolean} begun @returns {number[]} */
export function within(words, word, most, begun) {
  const meant = inLetters(word);
  /** @type {number[]} */ const found = [];
  const rows = [Array.from({ length: meant.length + 1 }, (_, i) => i)];
  /** @type {string | string[]} */ let before = "";
  for (let at = 0; at < words.length; ) {
    const other = inLetters(words[at]);
    let shared = 0;
    const longest = Math.min(before.length, other.length, rows.length - 1);
    while (shared < longest && before[shared] === other[shared]) shared++;
    rows.length = shared + 1;
    for (let depth = shared; depth < other.length; depth++) {
      rows.push(nextRow(rows, meant, other, depth, most));
      if (Math.min(...rows[depth + 1]) > most) break;
    }
    before = other;
    const reached = rows.slice(1).map((row) => row[meant.length]);
    const left = rows.length <= other.length && Math.min(...rows[rows.length - 1]) > most;
    const near = begun ? Math.min(...reached) <= most : !left && rows[rows.length - 1][meant.length] <= most;
    if (near) found.push(at);
    if (left && !near) {
      const passed = [...other.slice(0, rows.length - 1)];
      const next = passed.slice(0, -1).join("") + String.fromCodePoint(/** @type {number} */ (passed[passed.length - 1].codePointAt(0)) + 1);
      at += 1;
      at += lowerBound(words.length - at, (i) => words[at + i] < next);
    } else {
      at += 1;
    }
  }
  return found;
}

/** That of the sorted words which a name was probably meant for: one change in three letters, two at most; or empty.
 * @param {string[]} words @param {string} word */
export function nearest(words, word) {
  const most = Math.min(2, Math.floor(word.length / 3));
  const found = [1, 2].flatMap((changes) => (changes > most ? [] : within(words, word, changes, false)));
  return found.length ? words[found[0]] : "";
}

/** @param {number[][]} rows @param {string | string[]} word @param {string | string[]} other @param {number} depth @param {number} most */
function nextRow(rows, word, other, depth, most) {
  const above = rows[rows.length - 1];
  const row = [depth + 1, ...Array(word.length).fill(most + 1)];
  for (let i = Math.max(0, depth - most); i < Math.min(word.length, depth + most + 1); i++) {
    let cost = Math.min(row[i] + 1, above[i + 1] + 1, above[i] + Number(word[i] !== other[depth]));
    if (depth && i && word[i] === other[depth - 1] && word[i - 1] === other[depth]) {
      cost = Math.min(cost, rows[rows.length - 2][i - 1] + 1);
    }
    row[i + 1] = cost;
  }
  return row;
}
