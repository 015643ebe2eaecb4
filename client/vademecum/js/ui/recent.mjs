// @ts-check
/** The last searches that led somewhere: on this device only, and gone when the reader says so. */

import { outside } from "./dom.mjs";

const KEPT = 5;

export class Recent {
  /** @param {string} url of the knowledge base */
  constructor(url) {
    this.key = `vademecum recent ${url}`;
  }

  /** @returns {string[]} newest first; none where storage is forbidden */
  get all() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept.filter((query) => typeof query === "string").slice(0, KEPT) : [];
    } catch {
      return [];
    }
  }

  /** @param {string} query */
  add(query) {
    if (query !== "") this.#keep([query, ...this.all.filter((other) => other !== query)].slice(0, KEPT));
  }

  forget() {
    this.#keep([]);
  }

  /** @param {string[]} queries */
  #keep(queries) {
    try {
      if (queries.length > 0) localStorage.setItem(this.key, JSON.stringify(queries));
      else localStorage.removeItem(this.key);
    } catch {
      return; // a privacy setting: nothing is remembered
    }
  }
}

/** The searches as options. @param {string[]} queries @param {(query: string) => void} ask */
export function drawRecent(queries, ask) {
  return queries.map((query) => {
    const option = outside("div", { role: "option", class: "open once", "aria-selected": "false" }, [query]);
    option.addEventListener("click", () => ask(query));
    return option;
  });
}
