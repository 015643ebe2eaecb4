// @ts-check
/**
 * What is done with every row at each question, in JavaScript: loaded where there is no kernel (scan.mjs). kernel.wat has
 * the same, bit for bit.
 */

import { Arrays, partOf, product } from "./arrays.mjs";

export class Passes extends Arrays {
  /** The integer `scale * dot` of each row, dead ones too, over all segments in their order: exact in a double.
   * @param {import("../format/segment.mjs").Segment[]} segments of one epoch: the same dimensions in all
   * @param {Int8Array} query [D] @returns {Float64Array} the caller's till the next call */
  scores(segments, query) {
    const scores = new Float64Array(segments.reduce((count, { ids }) => count + ids.length, 0));
    let at = 0;
    for (const { vectors, scales } of segments) for (let row = 0; row < scales.length; row++) scores[at++] = scales[row] * product(vectors, row * query.length, query);
    return scores;
  }

  /** The product of each of these rows with one.
   * @param {Float64Array} products [n] is written @param {Int8Array} rows [n, D] @param {Uint16Array} _ones [n], for the kernel @param {Int8Array} row [D] */
  products(products, rows, _ones, row) {
    for (let at = 0; at < products.length; at++) products[at] = product(rows, at * row.length, row);
  }

  /** Add the scores of rows up by their owners; of rows without one the score is 0.
   * @param {Int32Array} owners @param {Float64Array} scores @param {Float64Array} sums
   * @param {Uint32Array} near is written: the rows that have the `least` score; room for all @param {number} least
   * @param {Float64Array} most [1] becomes the highest, or 0 @returns {number} how many are near */
  turn(owners, scores, sums, near, least, most) {
    let count = 0;
    most[0] = 0;
    for (let row = 0; row < owners.length; row++) {
      if (owners[row] < 0) scores[row] = 0;
      else sums[owners[row]] += scores[row]; // whole, below 2^53: in any order the same
      if (scores[row] >= least) near[count++] = row;
      most[0] = Math.max(most[0], scores[row]);
    }
    return count;
  }

  /** Write those of these rows that have this score at least and no slot, and their owners; the next one behind them may be written, too.
   * @param {Uint32Array} rows @param {Float64Array} scores @param {Uint32Array} slots of each row @param {Int32Array} owners of each row
   * @param {number} bound @param {Uint32Array} picked is written @param {Int32Array} held is written: who owns these @returns {number} how many */
  pick(rows, scores, slots, owners, bound, picked, held) {
    let count = 0;
    for (const row of rows) {
      if (!(scores[row] >= bound) || slots[row]) continue;
      picked[count] = row;
      held[count++] = owners[row];
    }
    return count;
  }

  /** Count these scores by their parts of 1024, from 0 to below 4. @param {Float64Array} totals @param {Uint32Array} counts [4096] is written
   * @param {number} most @returns {number} the highest part from which on so many are counted; 0 where there are fewer */
  tally(totals, counts, most) {
    counts.fill(0);
    for (const total of totals) counts[Math.min(4095, Math.max(0, total * 1024)) | 0]++;
    let at = counts.length;
    while (at && most > 0) most -= counts[--at];
    return at;
  }

  /** Write those of these rows that have this score at least, and their scores. @param {Uint32Array} rows @param {Float64Array} totals theirs, in their order
   * @param {Uint32Array} picked is written @param {number} least @param {Float64Array} scores by row, is written @returns {number} how many */
  take(rows, totals, picked, least, scores) {
    let count = 0;
    for (let i = 0; i < rows.length; i++) {
      if (!(totals[i] >= least)) continue;
      picked[count++] = rows[i];
      scores[rows[i]] = totals[i];
    }
    return count;
  }

  /** Write these owners, each once. @param {Int32Array} owners
   * @param {Uint32Array} seen 0 of each owner, becomes 1 @param {Uint32Array} found is written: room for as many @returns {number} how many */
  owning(owners, seen, found) {
    let count = 0;
    for (const owner of owners) {
      if (!seen[owner]) found[count++] = owner;
      seen[owner] = 1;
    }
    return count;
  }

  /** The scores of these rows by all that counts.
   * @param {Uint32Array} rows @param {Float64Array} totals are written, in the order of the rows
   * @param {Float64Array} scores by row @param {Float64Array} sums of each document, as `titles` are @param {Uint32Array} bounds where each document's rows begin
   * @param {Int32Array} held who owns these rows, in their order, as `said` are @param {Float64Array} said what their words are worth @param {Float64Array} pages of each document, their words @param {Float64Array} titles
   * @param {number} unit @param {number} own how much a chunk counts @param {number} page its page @param {number} share its words @param {number} paged those of its page @param {number} titled its title
   * @param {Float64Array} meant is written: the `scores` of these rows, in their order */
  fuse(rows, totals, scores, sums, bounds, held, said, pages, titles, unit, own, page, share, paged, titled, meant) {
    for (let i = 0; i < rows.length; i++) {
      meant[i] = scores[rows[i]];
      const of = held[i];
      const mean = sums[of] / (bounds[of + 1] - bounds[of]) / unit;
      totals[i] = (own * (meant[i] / unit) + page * mean) / (own + page) + share * said[i] + (paged * pages[of] + titled * titles[of]);
    }
  }

  /** Count how often rows have a word. A live row that had none yet gets a slot, the next one: what it is, who owns it, and what its length makes of a count lie there.
   * @param {Uint32Array} listed rows that have it, from `start` on @param {Uint16Array} times how often each @param {number} start
   * @param {Uint32Array} slots of each row, from 1; 0: none @param {Int32Array} owners of each row @param {Uint32Array} lengths of each row
   * @param {Uint32Array} rows by slots, is written, as `held`, `norms` and `counts` are @param {Int32Array} held @param {Float64Array} norms
   * @param {Uint32Array} counts 0 where none is counted @param {Uint32Array} having slots that have a count; the next one behind them may be written, too @param {number} found how many of these
   * @param {Uint32Array} used [1] how many slots @param {number} k @param {number} base @param {number} slope @param {number} mean
   * @returns {number} of `having`, with these */
  count(listed, times, start, slots, owners, lengths, rows, held, norms, counts, having, found, used, k, base, slope, mean) {
    for (let i = 0; i < listed.length; i++) {
      const row = start + listed[i];
      if (!slots[row]) {
        if (owners[row] < 0) continue;
        const next = used[0]++;
        rows[next] = row;
        held[next] = owners[row];
        norms[next] = k * (base + slope * (lengths[row] / mean));
        slots[row] = next + 1;
      }
      const slot = slots[row] - 1;
      if (counts[slot] === 0) having[found++] = slot;
      counts[slot] += times[i];
    }
    return found;
  }

  /** What a word is worth to the rows that have it; `best` keeps the most of each, or the `sum`, `touched` names those that had nothing yet.
   * @param {Uint32Array} slots of these rows, as all others lie by slots @param {Uint32Array} counts how often they have it, becomes 0 @param {Float64Array} norms
   * @param {Float64Array} best @param {Uint32Array} touched is written behind the first `found`
   * @param {number} found @param {number} k @param {number} weight @param {number} worth @param {boolean} sum @returns {number} how many it names then */
  weigh(slots, counts, norms, best, touched, found, k, weight, worth, sum) {
    for (const slot of slots) {
      const often = counts[slot];
      counts[slot] = 0;
      if (best[slot] === 0) touched[found++] = slot;
      const score = worth * (weight * ((often * k) / (often + norms[slot])));
      best[slot] = sum ? best[slot] + score : Math.max(best[slot], score);
    }
    return found;
  }

  /** Add to these scores what is best, which becomes 0. @param {Uint32Array} slots @param {Float64Array} best @param {Float64Array} scores
   * @param {Float64Array} most [1] becomes the highest of them, if that is more */
  add(slots, best, scores, most) {
    for (const slot of slots) {
      most[0] = Math.max(most[0], (scores[slot] += best[slot]));
      best[slot] = 0;
    }
  }

  /** Who owns these has a word of this weight: `best` keeps the most of each, `touched` names those that had nothing yet.
   * @param {Uint32Array} slots @param {Int32Array} owners by slots @param {Float64Array} best of each owner
   * @param {Uint32Array} touched is written behind the first `found`, and the next one behind them may be, too @param {number} found @param {number} weight above 0
   * @returns {number} how many it names then */
  have(slots, owners, best, touched, found, weight) {
    for (const slot of slots) {
      const owner = owners[slot];
      if (best[owner] === 0) touched[found++] = owner;
      best[owner] = Math.max(best[owner], weight);
    }
    return found;
  }

  /** Add these scores up by their owners, in whole numbers of 1 / 65536: in any order the same.
   * @param {Float64Array} scores @param {Int32Array} owners theirs, in their order @param {Float64Array} pages
   * @param {Float64Array} most [2] is written: the highest score, and the highest sum */
  sum(scores, owners, pages, most) {
    most.fill(0);
    scores.forEach((score, i) => {
      most[0] = Math.max(most[0], score);
      most[1] = Math.max(most[1], (pages[owners[i]] += Math.floor(score * 65536)));
    });
  }

  /** Sort these rows: the highest score first; of equals the lowest id. @param {Uint32Array} rows @param {Float64Array} scores @param {BigUint64Array} ids */
  sort(rows, scores, ids) {
    rows.sort((a, b) => (isBefore(a, b, scores, ids) ? -1 : 1));
  }

  /** Count these rows by how many of those that are asked about come before each: have more, or as much and a lower id.
   * @param {Uint32Array} rows @param {Uint32Array} asked the first ones before others @param {Float64Array} values their scores, and -Infinity
   * @param {Float64Array} scores of these rows, in their order @param {BigUint64Array} ids @param {Uint32Array} before is added to: one more than are asked about
   * @param {Uint32Array} first of each part of the scores, from that below the `least` on, how many are in parts above (`partOf`)
   * @param {number} least @param {number} factor */
  rank(rows, asked, values, scores, ids, before, first, least, factor) {
    rows.forEach((row, i) => {
      if (scores[i] < least) return; // behind all that are asked about
      let low = first[partOf(scores[i], least, factor) + 1];
      while (values[low] > scores[i] || (values[low] === scores[i] && ids[asked[low]] < ids[row])) low++;
      before[low]++;
    });
  }

  /** Whether three texts have these letters and figures of ASCII, small, one behind another whatever stands between them, from one text to the
   * next as well; true where one has what is not ASCII, which may be folded to anything.
   * @param {Uint32Array} letters @param {Uint32Array} back behind so many that are found, how many are where the next is another
   * @param {Uint8Array} titles @param {number} title where it begins in them @param {number} behindTitle @param {Uint8Array} headings
   * @param {number} heading @param {number} behindHeading @param {Uint8Array} texts @param {number} text @param {number} behindText @returns {boolean | number} */
  holds(letters, back, titles, title, behindTitle, headings, heading, behindHeading, texts, text, behindText) {
    let found = 0;
    for (const bytes of [titles.subarray(title, behindTitle), headings.subarray(heading, behindHeading), texts.subarray(text, behindText)]) {
      for (let at = 0; at < bytes.length && found < letters.length; at++) {
        if (bytes[at] > 0x7f) return true;
        const letter = String.fromCharCode(bytes[at]).toLowerCase();
        if (!/[a-z0-9]/.test(letter)) continue;
        const code = letter.charCodeAt(0);
        while (found && letters[found] !== code) found = back[found];
        if (letters[found] === code) found++;
      }
    }
    return found === letters.length;
  }
}

/** @param {number} row @param {number} other @param {Float64Array} scores @param {BigUint64Array} ids */
function isBefore(row, other, scores, ids) {
  return scores[row] > scores[other] || (scores[row] === scores[other] && ids[row] < ids[other]);
}
