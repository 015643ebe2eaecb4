/** The public types of `<vademecum-search>`; attributes: site/content/apps.md. */

import type { KnowledgeBase } from "./vademecum.mjs";

export declare class VademecumSearch extends HTMLElement {
  /** What answers. An app sets its own before the element begins; otherwise it is made when it is needed. */
  knowledgeBase: KnowledgeBase | null;
  /** What stands in the field; setting it asks. */
  query: string;
  /** Opens the dialog, or brings the field into focus. */
  open(): void;
  /** A short message at the foot; `stay`: until somebody closes it. */
  tell(text: string, options?: { label?: string; act?: () => void; stay?: boolean }): void;
}

/** Another language, or other words: the keys of client/ui/texts/en.mjs; what is missing is said as before, or in English. */
export declare function addTexts(language: string, texts: Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>): void;

declare global {
  interface HTMLElementTagNameMap {
    "vademecum-search": VademecumSearch;
  }
  interface HTMLElementEventMap {
    /** The knowledge base was made: `detail`. */
    "vademecum-start": CustomEvent<KnowledgeBase>;
  }
}
