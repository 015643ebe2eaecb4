// @ts-check
/** The elements of the search, empty. */

import { element, icon } from "./dom.mjs";

const GLASS = "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-1.5 5 5 5";
const CROSS = "m6 6 12 12M18 6 6 18";

/** @typedef {ReturnType<typeof buildView>} View */

/** @param {import("./texts.mjs").Wording} wording @param {{modal: boolean, label: string, placeholder: string}} how */
export function buildView(wording, { modal, label, placeholder }) {
  const say = (/** @type {string} */ name) => wording.say(name);
  const field = element("input", {
    ...{ id: "query", type: "text", inputmode: "search", enterkeyhint: "search", autocomplete: "off", autocapitalize: "off" },
    ...{ spellcheck: "false", maxlength: "1000", dir: "auto", part: "input", placeholder, "aria-label": label, "aria-describedby": "keys" },
    ...{ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "results" },
  });
  const key = element("kbd", { id: "key", "aria-hidden": "true" }, ["/"]);
  const clear = button("clear", "plain", say(modal ? "close" : "clear"), modal ? {} : { hidden: "" });
  const form = element("form", { class: "ask", role: "search", part: "form" }, [icon(GLASS), field, ...(modal ? [] : [key]), clear]);
  const announce = element("p", { id: "announce", class: "unseen", role: "status" });

  const installTitle = element("h2", { id: "install-title" });
  const installText = element("p", { id: "install-text" });
  const installBar = element("progress", { id: "install-bar", "aria-labelledby": "install-title" });
  const installDo = element("button", { id: "install-now", type: "button", class: "button" });
  const install = element("section", { id: "install", class: "install", part: "install", hidden: "" }, [installTitle, installText, installBar, installDo]);

  const facets = element("div", { id: "facets", class: "facets", hidden: "" });
  const message = element("p", { id: "message", class: "message", part: "message", hidden: "" });
  const typed = element("button", { id: "typed", type: "button", class: "plain", hidden: "" });
  const forget = element("button", { id: "forget", type: "button", class: "plain", hidden: "" }, [say("recent.forget")]);
  const recent = element("p", { id: "recent", class: "recent", hidden: "" }, [say("recent")]);
  const list = element("div", { id: "results", class: "results", part: "results", role: "listbox", "aria-label": say("results") });
  const bones = element("div", { id: "bones", class: "bones", "aria-hidden": "true", hidden: "" }, [1, 2, 3].map(() => element("span")));
  const load = element("button", { id: "load", type: "button", class: "button quiet", part: "load", hidden: "" }, [say("results.load")]);
  const [control, shift] = /^(?:Mac|iP)/u.test(navigator.platform) ? ["⌘", "⇧"] : [say("key.control"), say("key.shift")];
  const keys = [["↓ ↑", "key.move"], [wording.direction === "rtl" ? "←" : "→", "key.more"], ["Enter", "key.open"], [`${control} Enter`, "key.tab"], [`${shift} Enter`, "key.read"]];
  const hints = element("p", { class: "hints", "aria-hidden": "true" }, keys.map(([name, text]) => element("span", {}, [element("kbd", {}, [name]), ` ${say(text)} `])));
  const welcome = element("div", { id: "welcome" }, [element("slot")]);

  const noticeText = element("p", { id: "notice-text" });
  const noticeBar = element("progress", { id: "notice-bar", "aria-labelledby": "notice-text", hidden: "" });
  const noticeDo = element("button", { id: "notice-act", type: "button", class: "button small", hidden: "" });
  const noticeClose = button("notice-close", "plain", say("notice.close"));
  const notice = element("div", { id: "notice", class: "notice", part: "notice", role: "status", hidden: "" }, [noticeText, noticeBar, noticeDo, noticeClose]);
  const pillText = element("span", { id: "pill-text" });
  const pill = element("button", { id: "pill", class: "pill", part: "state", type: "button", "aria-haspopup": "dialog", "data-tone": "wait", hidden: "" }, [
    element("span", { class: "dot", "aria-hidden": "true" }), pillText,
  ]);
  const foot = element("div", { class: "foot", part: "foot" }, [pill, notice]);

  const body = element("div", { class: "body", ...(modal && { tabindex: "0" }) }, [
    element("p", { id: "keys", class: "unseen" }, [`${say("keys")} Escape: ${say(modal ? "close" : "clear")}.`]), announce, install, facets, message, typed, recent, list, forget, bones, load, welcome, hints,
  ]);
  const box = element("div", { class: "box", part: "box" }, [form, body, foot]);
  const open = element("button", { id: "open", type: "button", class: "trigger", part: "button", "aria-haspopup": "dialog", "aria-keyshortcuts": "Control+K Meta+K /" }, [
    icon(GLASS), element("span", {}, [placeholder]), element("kbd", { "aria-hidden": "true" }, [`${control} K`]),
  ]);
  const dialog = element("dialog", { id: "modal", class: "modal", part: "modal", "aria-label": label });

  const panelBody = element("div", { class: "sheet-body" });
  const panel = sheet("details", [element("h2", { id: "details-title" }, [say("panel")])], panelBody, say("close"));
  const title = element("h2", { id: "reader-title", dir: "auto" });
  const link = element("a", { id: "reader-link", class: "plain", hidden: "" }, [say("reader.open")]);
  const text = element("article", { id: "reader-text", tabindex: "0", "aria-label": say("reader.text") });
  const reader = { dialog: sheet("reader", [title, link], text, say("close")), title, link, text };
  if (modal) dialog.append(box);
  const nodes = [...(modal ? [open, dialog] : [box]), panel, reader.dialog];
  return {
    ...{ nodes, form, field, key, clear, announce, facets, message, typed, recent, forget, list, bones, load, welcome, open, dialog, panel, panelBody, reader, pill, pillText },
    install: { box: install, title: installTitle, text: installText, bar: installBar, act: installDo },
    notice: { box: notice, text: noticeText, bar: noticeBar, act: noticeDo, close: noticeClose },
  };
}

/** @param {string} id @param {string} kind @param {string} label @param {Record<string, string>} [more] */
function button(id, kind, label, more = {}) {
  return element("button", { id, type: "button", class: kind, "aria-label": label, ...more }, [icon(CROSS)]);
}

/** A dialog with a title, and a button that closes it. @param {string} id @param {Node[]} head @param {Node} content @param {string} closing */
function sheet(id, head, content, closing) {
  const close = element("button", { type: "button", class: "plain", "data-close": "", "aria-label": closing }, [icon(CROSS)]);
  return element("dialog", { id, class: id, part: id, "aria-labelledby": `${id}-title` }, [element("header", {}, [...head, close]), content]);
}
