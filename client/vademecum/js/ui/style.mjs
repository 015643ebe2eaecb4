// @ts-check
/**
 * How the search looks. Each colour may be set from outside as `--vademecum-` and its name, and each part by `::part`;
 * text keeps at least 4.5:1 to its ground, lines that mean something 3:1. Sides are logical: right to left needs nothing more.
 */

const COLOURS = /** @type {const} */ ({
  ground: ["#fbfaf6", "#171614"],
  raised: ["#fffefb", "#201e1b"],
  ink: ["#25221e", "#eae6dd"],
  soft: ["#665f55", "#a9a296"],
  line: ["#e4dfd3", "#34302b"],
  edge: ["#8f877a", "#787064"],
  accent: ["#7d2f22", "#e8a389"],
  "on-accent": ["#fffefb", "#24120c"],
  tint: ["#f3ede1", "#292622"],
  mark: ["#fbe6a2", "#524314"],
  good: ["#2f7a4d", "#6fc391"],
  warn: ["#a85b00", "#e8b15c"],
  shade: ["rgb(60 45 25 / 12%)", "rgb(0 0 0 / 45%)"],
});
const VARIABLES = Object.entries(COLOURS).map(([name, [light, dark]]) => `--${name}: var(--vademecum-${name}, light-dark(${light}, ${dark}));`);

export const CSS = `
:host { display: block; ${VARIABLES.join(" ")}
  --heading: var(--vademecum-heading-font, inherit); --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  color: var(--ink); font-size: medium; font-family: var(--vademecum-font, inherit); line-height: 1.6; overflow-wrap: anywhere; text-align: start; }
:host(:not([inline])) { display: inline-block; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([theme="auto"]) { color-scheme: light dark; }
:host([inline][theme]) { background: var(--ground); }
/* What a page says to all that lies in its bar is not for what lies in here. */
.root { writing-mode: horizontal-tb; word-break: normal; hyphens: manual; white-space: normal; text-transform: none; text-indent: 0; letter-spacing: normal; word-spacing: normal; font-style: normal; font-weight: 400; font-variant: normal; text-shadow: none; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, h4, h5, h6, p { margin: 0; }
h2, h3, .title { font-family: var(--heading); font-weight: 600; line-height: 1.25; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .06em; }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
button:disabled { cursor: default; opacity: .55; }
code, kbd, pre { font-family: var(--mono); font-size: .9em; }
kbd { padding: .05rem .4rem; border: 1px solid var(--line); border-radius: .35rem; }
mark { padding: .06em 0; border-radius: .18em; background: var(--mark); color: var(--ink); }
svg { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .3rem; }
.unseen { scroll-margin-top: 7rem; position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.plain { display: inline-flex; align-items: center; gap: .4rem; min-height: 2.25rem; padding: .25rem .65rem; border: 0; border-radius: .5rem;
  background: none; color: var(--soft); font-size: .9rem; text-decoration: none; }
.plain:hover { background: var(--tint); color: var(--ink); }
.plain svg { width: 1.05rem; }
.button { min-height: 2.5rem; padding: .4rem 1.1rem; border: 1px solid var(--accent); border-radius: .6rem; background: var(--accent); color: var(--on-accent); font-weight: 550; }
.button:hover:enabled { filter: brightness(1.1); }
.button.small { min-height: 2.1rem; padding: .2rem .85rem; font-size: .92rem; }
.button.quiet, .acts .button:not(#update) { background: none; border-color: var(--edge); color: var(--ink); }
.button.quiet:hover, .acts .button:not(#update):hover:enabled { background: var(--tint); filter: none; }

/* The button, and the dialog that it opens */
.trigger { display: inline-flex; align-items: center; gap: .6rem; min-height: 2.5rem; min-width: 13rem; padding: .3rem .7rem; border: 1px solid var(--edge);
  border-radius: .7rem; background: var(--raised); color: var(--soft); text-align: start; }
.trigger:hover { background: var(--tint); color: var(--ink); }
.trigger svg { width: 1.15rem; }
.trigger span { flex: 1; }
dialog { overscroll-behavior: contain; padding: 0; border: 1px solid var(--line); background: var(--raised); color: var(--ink); box-shadow: 0 24px 70px -20px var(--shade); }
dialog::backdrop { background: rgb(20 16 10 / 45%); }
.modal { width: min(46rem, 100vw - 2rem); max-width: none; max-height: min(44rem, 88dvh); margin-top: 8dvh; border-radius: 1rem; overflow: hidden; background: var(--ground); }
.modal .box { display: flex; flex-direction: column; height: 100%; max-height: min(44rem, 88dvh); }
.modal .body { flex: 1; position: relative; overflow: auto; padding: 0 1rem 1rem; overscroll-behavior: contain; outline-offset: -3px; }
.modal .ask { position: static; border-width: 0 0 1px; border-radius: 0; box-shadow: none; border-color: var(--line); background: none; }

/* Asking */
:host([inline]) .root, :host([inline]) .box { display: flex; flex: 1; flex-direction: column; min-height: 100%; }
.ask { position: sticky; top: .75rem; z-index: 2; display: flex; align-items: center; gap: .75rem; padding-inline: 1.15rem .65rem; border: 1px solid var(--edge);
  border-radius: var(--vademecum-radius, 1rem); background: var(--raised); box-shadow: 0 1px 2px var(--shade), 0 8px 28px -12px var(--shade); }
.ask:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 22%, transparent), 0 8px 28px -12px var(--shade); }
.modal .ask:focus-within { border-color: var(--accent); box-shadow: 0 1px 0 var(--accent); }
.ask > svg { flex: none; width: 1.3rem; color: var(--soft); }
.ask input { flex: 1; min-width: 0; height: 3.6rem; padding: 0; border: 0; outline: 0; background: none; font-size: 1.15rem; text-overflow: ellipsis; }
.ask input::placeholder { color: var(--soft); opacity: 1; }
.ask kbd { flex: none; min-width: 1.7rem; margin-inline-end: .35rem; padding: .1rem .45rem; color: var(--soft); text-align: center; }
.hints { display: flex; flex-wrap: wrap; gap: .3rem .9rem; margin: 2rem .25rem 0; color: var(--soft); font-size: .86rem; }
.modal .hints { margin-top: 1.2rem; }
@media (hover: none) { .ask kbd, .trigger kbd, .hints { display: none; } }
.results:empty ~ .hints, #welcome:not([hidden]) ~ .hints { display: none; }
.message { margin: 1.1rem .25rem 0; color: var(--soft); }
#typed { margin-inline-start: -.4rem; text-align: start; }
#forget { margin-inline-start: .5rem; }
#typed, #forget { text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .25em; }
.recent { margin: 1.1rem .25rem 0; color: var(--soft); font-size: .88rem; }
.facets { display: flex; flex-direction: column; gap: .4rem; margin: 1rem .25rem 0; }
.facet { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; color: var(--soft); font-size: .86rem; }
.facet button { padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--raised); }
.facet input { width: 6.5rem; padding: .15rem .7rem; border: 1px solid var(--edge); border-radius: 2rem; background: var(--raised); color: var(--ink); }
.facets .fold { align-self: start; padding: .15rem .7rem; border: 1px solid transparent; border-radius: 2rem; background: none; color: var(--soft); font-size: .86rem;
  text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .25em; }
.facets > .fold { padding-inline: 0; }
.facet button:hover { border-color: var(--edge); }
.facet button[aria-pressed="true"] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }

/* Results */
.results { margin: .9rem 0 0; }
.hit { position: relative; }
.hit + .hit { border-top: 1px solid var(--line); }
.open { display: block; padding: 1.05rem 1.15rem; border-radius: .8rem; color: inherit; text-decoration: none; cursor: pointer; scroll-margin: 6.5rem 0 5rem; }
.modal .open { scroll-margin: .5rem; }
.open:hover { background: var(--tint); }
[role="option"][aria-selected="true"] { outline: 2px solid var(--accent); outline-offset: -2px; background: var(--tint); }
.open ~ .open { margin-inline-start: 1.15rem; padding-block: .6rem; }
.open.once { padding-block: .5rem; margin: 0; }
.open .title { display: block; color: var(--accent); font-size: 1.2rem; }
.open:hover .title { text-decoration: underline; text-decoration-thickness: .06em; text-underline-offset: .18em; }
.open .path { display: block; margin-top: .12rem; color: var(--soft); font-size: .88rem; }
.open .sep { opacity: .7; }
.open .text { display: block; margin-top: .4rem; line-height: 1.58; }
.notes { display: flex; flex-wrap: wrap; gap: .3rem .6rem; margin-top: .4rem; color: var(--soft); font-size: .82rem; }
.badge { padding: 0 .5rem; border: 1px solid var(--line); border-radius: 2rem; }
.hit:has(.read) > .open:first-child:dir(ltr) :is(.title, .path) { padding-right: 5.5rem; } /* a title may run the other way */
.hit:has(.read) > .open:first-child:dir(rtl) :is(.title, .path) { padding-left: 5.5rem; }
.read { position: absolute; inset-block-start: .95rem; inset-inline-end: .9rem; padding: .15rem .55rem; border: 0; border-radius: .4rem; background: none; color: var(--soft);
  font-size: .84rem; text-decoration: underline; text-decoration-color: var(--line); text-underline-offset: .25em; }
.read:hover { background: var(--raised); color: var(--ink); }
.more { display: inline-block; margin: 0 .2rem .6rem; padding: .25rem .95rem; border-radius: .6rem; color: var(--soft); font-size: .88rem; cursor: pointer; }
.more::before { content: "+" / ""; margin-inline-end: .45em; color: var(--accent); }
.more:hover { background: var(--tint); color: var(--ink); }
#load { margin: 1rem .25rem 0; }
.bones span { display: block; height: 4.6rem; margin: 1rem .25rem; border-radius: .8rem; background: linear-gradient(90deg, var(--tint) 30%, var(--line) 50%, var(--tint) 70%) 0 0 / 220% 100%; animation: wait 1.6s linear infinite; }

/* Progress */
progress { appearance: none; display: block; width: 100%; height: .4rem; border: 0; border-radius: .4rem; overflow: hidden; background: var(--line); color: var(--accent); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent); border-radius: .4rem; transition: width .2s; }
progress::-moz-progress-bar { background: var(--accent); border-radius: .4rem; }
progress:indeterminate { background: linear-gradient(90deg, var(--line) 30%, var(--accent) 50%, var(--line) 70%) 0 0 / 220% 100%; animation: wait 1.6s linear infinite; }
progress:indeterminate::-webkit-progress-bar { background: none; }
progress:indeterminate::-moz-progress-bar { background: none; }
@keyframes wait { from { background-position: 220% 0; } }
.install { max-width: 34rem; margin: 1.6rem .25rem 0; }
.install h2 { font-size: 1.3rem; }
.install p { margin: .3rem 0 1rem; color: var(--soft); }

/* The foot: how the index is */
.foot { position: sticky; bottom: 0; z-index: 3; display: flex; flex-wrap: wrap-reverse; align-items: center; justify-content: space-between; gap: .6rem; margin-top: auto;
  padding: 1.6rem 0 .8rem; pointer-events: none; }
:host([theme]) .foot { background: linear-gradient(transparent, var(--ground) 55%); } /* else the page's own ground is not known here */
:host .modal .foot { position: static; padding: .6rem 1rem; border-top: 1px solid var(--line); background: none; }
.foot > * { pointer-events: auto; }
.pill { display: inline-flex; align-items: center; gap: .55rem; min-height: 2.1rem; padding: .2rem .9rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--raised); color: var(--soft); font-size: .86rem; }
.pill:hover { border-color: var(--edge); color: var(--ink); }
.dot { width: .55rem; height: .55rem; border-radius: 50%; background: var(--edge); }
[data-tone="good"] .dot { background: var(--good); }
[data-tone="warn"] .dot { background: var(--warn); }
[data-tone="news"] .dot { background: var(--accent); }
[data-tone="wait"] .dot { background: var(--accent); animation: pulse 1.6s ease-in-out infinite; }
[data-tone="off"] .dot { background: none; border: 2px solid var(--edge); }
@keyframes pulse { 50% { opacity: .3; } }
.notice { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .9rem; max-width: 30rem; margin-inline-start: auto; order: 2; padding: .5rem .6rem .5rem 1.1rem; border: 1px solid var(--line);
  border-radius: .9rem; background: var(--raised); font-size: .93rem; box-shadow: 0 6px 24px -8px var(--shade); }
.notice p { flex: 1 1 auto; margin: .2rem 0; }
.notice progress { flex: 1 1 100%; min-width: 14rem; margin: 0 0 .35rem; }

/* The panel and the reader */
dialog header { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: .4rem; padding: .9rem; padding-inline-start: 1.6rem; border-bottom: 1px solid var(--line); background: var(--raised); }
dialog header > :first-child { flex: 1; font-size: 1.2rem; }
.details { width: min(27rem, 100vw); max-width: none; height: 100dvh; max-height: none; margin: 0; margin-inline-start: auto; border-width: 0; border-inline-start-width: 1px; overflow: auto; }
.sheet-body { padding: 1rem 1.6rem 2rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .45rem 1.3rem; margin: 1.2rem 0; font-size: .93rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.digest { display: block; font-size: .8rem; line-height: 1.55; word-break: break-all; }
.modes { margin: 1.6rem 0; padding: 0; border: 0; }
.modes legend { padding: 0 0 .5rem; font: 600 1.02rem/1.3 var(--heading); }
.modes label { display: flex; gap: .75rem; padding: .5rem 0; color: var(--soft); font-size: .93rem; cursor: pointer; }
.modes b { display: block; color: var(--ink); font-weight: 550; }
.modes input { flex: none; width: 1.05rem; height: 1.05rem; margin: .25rem 0 0; accent-color: var(--accent); }
.menu { flex-wrap: wrap; align-items: center; justify-content: space-between; }
.menu select { max-width: 100%; padding: .3rem .5rem; border: 1px solid var(--edge); border-radius: .4rem; background: var(--raised); color: var(--ink); font: inherit; }
.about { margin-top: 1.6rem; color: var(--soft); font-size: .93rem; }
.about summary { cursor: pointer; }
.acts { margin-top: .9rem; display: flex; flex-wrap: wrap; gap: .6rem; }
.small-print { margin-top: 2rem; color: var(--soft); font-size: .86rem; }
.reader { width: min(50rem, 100vw - 2rem); max-width: none; height: min(60rem, 100dvh - 3rem); max-height: none; border-radius: 1.1rem; overflow: hidden; }
.reader[open] { display: flex; flex-direction: column; }
.reader header > :first-child { font-size: 1.3rem; }
.reader article { flex: 1; overflow: auto; padding: 1rem clamp(1.6rem, 6vw, 3.6rem) 3rem; outline: 0; overscroll-behavior: contain; }
.reader article > :is(h3, h4, h5, h6) { margin: 1.9rem 0 .5rem; font-size: 1.1rem; scroll-margin-top: 1rem; }
.reader article > h3 { font-size: 1.35rem; }
.reader article p { max-width: 42rem; margin: .8rem 0; line-height: 1.68; white-space: pre-line; scroll-margin-top: 2rem; }
.reader article :is(ul, ol) { max-width: 42rem; padding-inline-start: 1.6rem; }
.reader article img { max-width: 100%; height: auto; }
.reader article :is(th, td) { white-space: pre-line; vertical-align: top; }
.reader .found { margin-inline-start: -1rem; padding-inline-start: calc(1rem - 3px); border-inline-start: 3px solid var(--accent); }
.reader :is(ul, ol).found { padding-inline-start: calc(2.6rem - 3px); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th { color: var(--soft); font-weight: 500; text-align: start; }
th, td { padding: .5rem 0; padding-inline-end: .9rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; } /* a wide table is scrolled */
pre { margin: 1rem 0; padding: .9rem 1.2rem; border: 1px solid var(--line); border-radius: .7rem; background: var(--ground); overflow-x: auto; }
/* Long code is cut into passages: it looks like one all the same. */
.reader pre:has(+ pre) { margin-bottom: 0; border-end-start-radius: 0; border-end-end-radius: 0; }
.reader pre + pre { margin-top: 0; border-top-style: dashed; border-start-start-radius: 0; border-start-end-radius: 0; }

@media (max-width: 36rem) {
  .ask input { height: 3.2rem; font-size: 1.06rem; }
  .trigger { min-width: 0; }
  .facet { flex-wrap: nowrap; overflow-x: auto; }
  .facet > * { flex: none; }
  .facet:has([aria-expanded="true"]) { flex-wrap: wrap; } /* what was asked for is seen */
  .trigger kbd { display: none; }
  .open, .more { padding-inline: .6rem; }
  .more { margin-inline: 0; }
  .modal, .reader, .details { padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left); }
  .modal { width: 100vw; max-height: none; height: 100dvh; margin: 0; border: 0; border-radius: 0; }
  .modal .box { max-height: none; }
  .reader { width: 100vw; height: 100dvh; border: 0; border-radius: 0; }
  dialog header { padding-inline-start: 1.2rem; }
  .details { width: 100vw; border: 0; }
  .notice { width: 100%; max-width: none; }
  .notice p { flex-basis: 12rem; }
  .open .text { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
  .lead { display: none; }
  .text:has(.lead)::before { content: "… "; }
}
@media (pointer: coarse) {
  .facet :is(button, input), .fold, .read, .plain, .pill { min-height: 2.75rem; }
  .more { padding-block: .65rem; margin-bottom: .2rem; }
}
@media (max-height: 30rem) { .foot { position: static; } } /* enlarged, it would lie over the hits */
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
/* Where a system chooses the colours, what is told by a ground alone is told by none. */
@media (forced-colors: active) {
  progress, .dot, .facet button[aria-pressed="true"] { forced-color-adjust: none; }
  .facet button[aria-pressed="true"] { border-color: Highlight; background: Highlight; color: HighlightText; }
  :host([theme]) .foot { background: Canvas; }
}
@media print {
  .foot, .ask button, .hints, .read, .facets, #load, #typed, .trigger { display: none; }
  .open { break-inside: avoid; padding-inline: 0; }
  a.open::after { content: attr(data-page); display: block; color: var(--soft); font-size: .8rem; }
  :host { color-scheme: light !important; } /* grounds are not printed */
  /* All of what is open, and nothing of what it lies over: the backdrop is on each sheet. */
  .root:has(> dialog[open]) > :not(dialog[open]), dialog header :is(a, button) { display: none; }
  dialog[open] { position: absolute; inset: 0; width: 100%; height: auto; max-height: none; margin: 0; border: 0; background: none; box-shadow: none; overflow: visible; }
  dialog::backdrop { background: var(--ground); }
  .modal .box { display: block; max-height: none; }
  dialog :is(.body, article, .scroll) { overflow: visible; }
  .reader pre { white-space: pre-wrap; }
}
`;

/** The same for an element whose text is so large: themes make of the page's rem what they like, and of its body another size.
 * @param {number} size pixels */
export function sized(size) {
  return CSS.replace(/(\d*\.?\d+)rem/g, (_, rems) => `${+rems * size}px`);
}
