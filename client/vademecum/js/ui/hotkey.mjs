// @ts-check
/** The keys that open the search, wherever the page's focus is: Ctrl/Cmd+K and `/`. */

/** In the empty field a `/` is meant for it: it is there already. @param {KeyboardEvent} event @param {import("./view.mjs").View} view */
export function isHotkey(event, { panel, reader, field }) {
  const { host } = /** @type {ShadowRoot} */ (field.getRootNode());
  // A dialog of the page is in front of the search, unless that stands in it.
  const covered = [...document.querySelectorAll("dialog[open]")].some((dialog) => !dialog.contains(host));
  if (event.defaultPrevented || event.isComposing || panel.open || reader.dialog.open || covered) return false;
  const [target] = event.composedPath();
  const closed = target instanceof HTMLElement && target.localName.includes("-") && !target.shadowRoot; // nobody sees what is typed into in there
  const typing = target instanceof HTMLElement && (closed || target.isContentEditable || /^(?:input|textarea|select)$/u.test(target.localName));
  if (event.key === "/") return !event.ctrlKey && !event.metaKey && !event.altKey && (!typing || (target === field && field.value === ""));
  return event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
}
