// @ts-check
/** The keys that open the search, wherever the page's focus is: Ctrl/Cmd+K and `/`. */

/** In the empty field a `/` is meant for it: it is there already. @param {KeyboardEvent} event @param {import("./view.mjs").View} view */
export function isHotkey(event, { panel, reader, field }) {
  if (event.defaultPrevented || event.isComposing || panel.open || reader.dialog.open || document.querySelector("dialog[open]")) return false;
  const [target] = event.composedPath();
  const typing = target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/u.test(target.localName));
  if (event.key === "/") return !event.ctrlKey && !event.metaKey && !event.altKey && (!typing || (target === field && field.value === ""));
  return event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
}
