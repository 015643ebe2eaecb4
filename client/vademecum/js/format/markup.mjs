// @ts-check
/**
 * The text of a chunk with its structure (site/content/format.md, section 4.5): format/markup.py is the twin.
 *
 * Every string can be read, and nothing in it is ever an error: what is not written as that page says is text.
 */

/**
 * Neighbouring characters that look alike. `image`: the address of the image whose alternative text this is.
 * @typedef {{text: string, strong: boolean, emphasis: boolean, code: boolean, link: string, image: string}} Run
 * @typedef {{kind: "paragraph", runs: Run[]}
 *   | {kind: "item", runs: Run[], depth: number, number: number | null}
 *   | {kind: "row", cells: Run[][], header: boolean}
 *   | {kind: "code", text: string, language: string}} Block
 */

const ITEM = /^((?: {2}){0,9})(?:-|([0-9]{1,9})\.) (.*)$/s;
const FENCE = /^(`{3,})([A-Za-z0-9_+#.-]{0,40})$/;
const RULE = /^\|(?: --- \|)+$/;

// Alternatives begin with different characters, or differ at the next one: reading takes linear time.
const ESCAPE = "\\\\[!-/:-@\\[-`{-~]";
const CODE = "`` (?:[^`\\n]|`(?!`))+ ``|`[^`\\n]+`";
const ADDRESS = "(?:\\\\[()\\\\]|[^\\x00-\\x20()\\\\])+";
const ALT = `(?:${ESCAPE}|[^\\\\\\[\\]])*`;
const IMAGE = `!\\[${ALT}\\]\\(${ADDRESS}\\)`;
const LABEL = `(?:${ESCAPE}|${CODE}|${IMAGE}|[^\\\\\\[\\]\`])+`;
const EMPHASIS = `\\*(?:${ESCAPE}|${CODE}|${IMAGE}|[^\\\\*\`\\[\\]])+\\*`;
const STRONG = `\\*\\*(?:${ESCAPE}|${CODE}|${IMAGE}|${EMPHASIS}|[^\\\\*\`\\[\\]])+\\*\\*`;
const INLINE = new RegExp(
  `(${ESCAPE})|(${CODE})|!\\[(${ALT})\\]\\((${ADDRESS})\\)|\\[(${LABEL})\\]\\((${ADDRESS})\\)|(${STRONG})|${EMPHASIS}`,
  "g",
);
/** What every kind of markup inside a line has. */
const MARKED = /[\\`*[]/;
const UNMARKED = { text: "", strong: false, emphasis: false, code: false, link: "", image: "" };

/** The blocks of a chunk's text, in reading order. @param {string} text @returns {Block[]} */
export function parseMarkup(text) {
  const lines = text.split("\n");
  /** @type {Block[]} */
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at++];
    const fence = FENCE.exec(line);
    if (fence) {
      const end = find(lines, at, (other) => other === fence[1]);
      blocks.push({ kind: "code", text: lines.slice(at, end).join("\n"), language: fence[2] });
      at = end + 1;
    } else if (isRow(line)) {
      const header = at < lines.length && RULE.test(lines[at]);
      const cells = line.slice(2, -2).split(" | ").map((cell) => readInline(cell.replaceAll("\\|", "|")));
      blocks.push({ kind: "row", cells, header });
      at += Number(header);
    } else if (line !== "") {
      const item = ITEM.exec(line);
      const end = find(lines, at, begins);
      const runs = readInline([item ? item[3] : line, ...lines.slice(at, end)].join("\n"));
      const number = item?.[2] === undefined ? null : Number(item[2]);
      blocks.push(item ? { kind: "item", runs, depth: item[1].length / 2, number } : { kind: "paragraph", runs });
      at = end;
    }
  }
  return blocks;
}

/** The words of a chunk's text alone: what is searched, embedded and shown as an excerpt. @param {string} text */
export function plainText(text) {
  let whole = "";
  /** @type {Block | undefined} */
  let last;
  for (const block of parseMarkup(text)) {
    if (last) whole += follows(last, block) ? "\n" : "\n\n";
    whole += plainBlock(block);
    last = block;
  }
  return whole;
}

/** Whether a block goes on with the list or table of the last one. @param {Block} last @param {Block} block */
export function follows(last, block) {
  if (block.kind === "row") return last.kind === "row" && !block.header;
  return block.kind === "item" && last.kind === "item";
}

/** The words of a block: between cells ` | `. @param {Block} block */
export function plainBlock(block) {
  if (block.kind === "code") return block.text;
  if (block.kind === "row") return block.cells.map(words).filter(Boolean).join(" | ");
  return words(block.runs);
}

/** @param {Run[]} runs */
function words(runs) {
  return runs.map((run) => run.text).join("");
}

/** @param {string} line */
function isRow(line) {
  return line.length > 3 && line.startsWith("| ") && line.endsWith(" |");
}

/** Whether a line ends the paragraph or item above it. @param {string} line */
function begins(line) {
  return line === "" || isRow(line) || ITEM.test(line) || FENCE.test(line);
}

/** @param {string[]} lines @param {number} from @param {(line: string) => boolean} wanted */
function find(lines, from, wanted) {
  let at = from;
  while (at < lines.length && !wanted(lines[at])) at++;
  return at;
}

/** @param {string} text */
function readInline(text) {
  if (text && !MARKED.test(text)) return [{ ...UNMARKED, text }];
  /** @type {Run[]} */
  const runs = [];
  addRuns(runs, text, UNMARKED);
  return runs;
}

/** Add a run, or to the last one, if that looks alike. @param {Run[]} runs @param {Run} run */
function add(runs, run) {
  const last = runs.at(-1);
  if (last && !run.image && looksLike(last, run)) last.text += run.text;
  else if (run.text || run.image) runs.push(run);
}

/** @param {Run} a @param {Run} b */
function looksLike(a, b) {
  return a.code === b.code && a.link === b.link && a.strong === b.strong && a.emphasis === b.emphasis && a.image === b.image;
}

/** What is marked is looked for, and not what stands between: a match leaves half a kilobyte behind. @param {Run[]} runs @param {string} text
 * @param {Run} style */
function addRuns(runs, text, style) {
  for (let from = 0; from < text.length; ) {
    INLINE.lastIndex = from;
    const found = INLINE.exec(text);
    add(runs, { ...style, text: text.slice(from, found?.index) });
    if (!found) break;
    const [piece, escape, code, alt, source, label, target, strong] = found;
    from = found.index + piece.length;
    if (escape) add(runs, { ...style, text: piece[1] });
    else if (code) add(runs, { ...style, text: piece.startsWith("``") ? piece.slice(3, -3) : piece.slice(1, -1), code: true });
    else if (source) add(runs, { ...style, text: unescaped(alt), image: safeAddress(source, "http:", "https:") });
    else if (target) addRuns(runs, label, { ...style, link: safeAddress(target, "http:", "https:", "mailto:") });
    else if (strong) addRuns(runs, piece.slice(2, -2), { ...style, strong: true });
    else addRuns(runs, piece.slice(1, -1), { ...style, emphasis: true });
  }
}

/** @param {string} text */
function unescaped(text) {
  return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
}

/** An address that is relative or has one of the schemes; else the empty string. @param {string} written @param {string[]} schemes */
function safeAddress(written, ...schemes) {
  const found = unescaped(written);
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(found);
  return !found.includes("\x7f") && (!scheme || schemes.includes(scheme[0].toLowerCase())) ? found : "";
}
