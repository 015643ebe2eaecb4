// @ts-check
/** A document that is read: found in the knowledge base, shown by the reader, named in the page's address. */

import { DocumentReader } from "./reader.mjs";

/** @typedef {import("../vademecum.d.mts").KnowledgeDocument} KnowledgeDocument */

export class Reading {
  /** @type {import("./address.mjs").Address | null} where the page's address counts */ address = null;
  /** @type {Set<string>} what is marked */ words = new Set();

  /** @param {import("./reader.mjs").Parts} parts @param {URL} base @param {(key: string) => Promise<KnowledgeDocument | null | undefined>} find
   * @param {(metadata: Record<string, any>) => Node[]} badges */
  constructor(parts, base, find, badges) {
    this.find = find;
    this.reader = new DocumentReader(parts, base, () => this.address?.closed(), (target, href) => this.#follow(target, href), badges);
  }

  /** @param {string} key @param {string} passage id of a chunk @returns {Promise<boolean>} whether there is such a document */
  async show(key, passage) {
    const found = await this.find(key).catch(() => null);
    if (found) this.reader.open(found, this.words, passage);
    return Boolean(found);
  }

  /** A reader asks for it. @param {string} key @param {string} passage id of a chunk */
  async read(key, passage) {
    if (await this.show(key, passage)) this.address?.reading(key, passage);
  }

  close() {
    this.reader.close();
  }

  /** A link in the reader leads to the document that it means, or where it says. @param {{keys: string[], anchor: string}} target
   * @param {string} href */
  async #follow({ keys, anchor }, href) {
    for (const key of keys) {
      const found = await this.find(key);
      if (found) return this.read(key, found.chunks.find((chunk) => chunk.anchor === anchor)?.id ?? "");
    }
    location.assign(href);
  }
}
