// @ts-check
/**
 * A combobox and its listbox (WAI-ARIA Authoring Practices, Combobox Pattern): the focus stays in the field, and one
 * option is the active one. What is folded is passed over; the arrow that leads inwards unfolds it.
 */

export class Options {
  /** Which option is active; -1: none, the keys are the field's. */
  at = -1;

  /** @param {HTMLInputElement} field @param {HTMLElement} list */
  constructor(field, list) {
    this.field = field;
    this.list = list;
    list.addEventListener("vademecum-active", ({ target }) => this.move(this.all.indexOf(/** @type {HTMLElement} */ (target))));
  }

  /** @returns {HTMLElement[]} */
  get all() {
    return Array.from(this.list.querySelectorAll("[role=option]:not(.more)"));
  }

  get active() {
    return this.all[this.at];
  }

  /** Show these options and no others; the active one stays where it is. @param {Node[]} nodes */
  show(nodes) {
    this.list.replaceChildren(...nodes);
    this.field.setAttribute("aria-expanded", String(nodes.length > 0));
    this.move(Math.min(this.at, this.all.length - 1));
  }

  /** @param {number} index -1: none */
  move(index) {
    const { all } = this;
    all.forEach((option, number) => {
      option.id = `option-${number}`;
      option.setAttribute("aria-selected", String(number === index));
    });
    this.at = all[index] ? index : -1;
    if (this.at < 0) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", all[index].id);
    all[index].scrollIntoView({ block: "nearest" });
  }

  /** Whether the key was one that moves through the options. @param {string} key */
  pressed(key) {
    const last = this.all.length - 1;
    if (last < 0) return false;
    if (key === "ArrowDown") this.move(Math.min(this.at + 1, last));
    else if (key === "ArrowUp" && this.at >= 0) this.move(this.at - 1);
    else if (key === "Home" && this.at >= 0) this.move(0);
    else if (key === "End" && this.at >= 0) this.move(last);
    else return key === this.#inwards && this.#unfold();
    return true;
  }

  get #inwards() {
    return getComputedStyle(this.list).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  }

  /** Whether there was something below the active option. */
  #unfold() {
    const fold = this.active?.closest(".hit")?.querySelector(".more");
    fold?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return Boolean(fold);
  }

  /** Open the active option, or the first, as the keys beside Enter say. @param {KeyboardEvent} event */
  open({ ctrlKey, metaKey, shiftKey }) {
    const option = this.active ?? this.all[0];
    if (option instanceof HTMLAnchorElement && (ctrlKey || metaKey)) window.open(option.href, "_blank", "noopener");
    else option?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true, shiftKey }));
  }
}
