/** The public types of vademecum in a browser; `vademecum.mjs` is checked against them. */

/** `notify` tells of a release, and `manual` lets it wait without a word, till `update()`; `off` asks no host. */
export type Mode = "automatic" | "notify" | "manual" | "off";

/** What is done unasked about a release. */
export interface Policy {
  mode: Mode;
  /** The line of releases to follow. */
  channel: string;
  /** `unmetered`: not where data are saved, nor over 2g; `wifi`: only where it is known to be Wi-Fi or a cable. */
  connection: "any" | "unmetered" | "wifi";
  /** The most bytes that one update downloads; then it pauses. Null or 0: no limit. */
  maxUpdateBytes: number | null;
  /** A release that changes fewer documents waits for more, unless it is critical. */
  leastDocuments: number;
  /** `next-start`: a page goes on with the release that it has opened. */
  activation: "now" | "next-start";
}

/** What a user chooses; null gives it back to the app. */
export type Choices = { [Choice in keyof Policy]?: Policy[Choice] | null };

export type State =
  | "idle"
  | "checking"
  | "up-to-date"
  | "update-available"
  | "downloading"
  | "verifying"
  | "installing"
  | "installed"
  | "failed";

/** What `navigator.connection` says, where a browser has it. */
export interface Connection {
  saveData?: boolean;
  effectiveType?: string;
  type?: string;
}

export interface KnowledgeBaseOptions {
  /** Where the published tree lies; relative to the page. A list: mirrors of it, the preferred first, which names the store. */
  url: string | URL | (string | URL)[];
  /** The root metadata that the app ships: parsed JSON or its text, or a function that brings either, called when there is
   * something to check. Without it, the first contact is pinned. */
  trust?: object | string | (() => Promise<object | string> | object | string) | null;
  /** Where a published tree lies that the app ships, on the page's own origin; relative to the page. */
  seed?: string | URL | null;
  /** False: the mode is "manual" until `setMode` says otherwise. Default true. */
  autoUpdate?: boolean;
  /** Default one hour. */
  checkIntervalMs?: number;
  /** The line of releases to follow. Default "stable". */
  channel?: string;
  /** What is done unasked, till a user chooses otherwise; a function says it of the connection alone, again and again. */
  policy?: Partial<Policy> | ((connection: Connection) => boolean);
  /**
   * The most bytes that one update downloads; then it pauses (`budget`), and the next one goes on with what is missing.
   * Not for `forceUpdate()`. Default: no limit.
   */
  maxUpdateBytes?: number;
  /** Where the workers and the Python runtime lie. Default: beside `vademecum.mjs`. */
  clientUrl?: string | URL;
  /**
   * On a first visit, answer from what the host shows while it is being verified: marked, in memory only, and only on a
   * page of the published tree itself. Default: no.
   */
  preview?: boolean;
  /** What answers by its words while no release is to be had: documents that the app has. Nothing of it is stored. */
  fallback?: LocalDocument[];
  /** The app's own encoder of queries, in place of the release's table: the very model that made the documents' vectors, or
   * what the app makes of the release's own. */
  encoder?: Encode | OfModel;
  /** Log to the console. */
  debug?: boolean;
}

/** An encoder of the model that a release publishes, made behind the first hits, once an epoch. */
export interface OfModel {
  /** `onnx`: a graph from `input_ids` and `attention_mask`, int64 [1, n], to `vector`, float32 [1, D]; `tokenizer`: a
   * `tokenizer.json`. Both are verified. */
  model(files: { onnx: Uint8Array; tokenizer: Uint8Array }): Encode | Promise<Encode>;
}

/** A text, and the vector that the app's model has for it: as many numbers as the model has dimensions, of any length. */
export type Encode = (text: string) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** A document of the app's own, for the time without a release. */
export interface LocalDocument {
  key: string;
  title?: string;
  url?: string;
  text?: string;
  /** In place of `text`. */
  html?: string;
}

/** An installed release. */
export interface LocalVersion {
  sequence: number;
  version: string;
  documents: number;
  chunks: number;
  dimensions: number;
  /** ISO time of the build. */
  built: string;
  /** ISO time of the installation. */
  installed: string;
  epoch: string;
  /** The state digest that was signed. */
  digest: string;
  /** The values of `lang` and `version` that its documents have, the preferred first; without those of one place only. */
  places: { lang?: string[]; version?: string[] };
  /** Signed by keys that are revoked by now: the next good release takes its place, higher or lower. */
  revoked: boolean;
}

/** `version.json` of the published tree; not signed, for display only. */
export interface PublishedVersion {
  version: string;
  sequence: number;
  hash: string;
  buildTime: string;
  documentCount: number;
  chunkCount: number;
  embeddingModel: string;
  dimensions: number;
  [field: string]: unknown;
}

/** Another place of a hit's text, or of its page: a version, a translation, a mirror. */
export interface Place {
  /** Key of the document there. */
  document: string;
  title: string;
  /** With the hit's anchor, where the document there holds the same text. */
  url: string;
  /** As its metadata say; empty where they do not. */
  lang: string;
  version: string;
}

/** A text is also the number, or the true or false, that it spells. */
export type FilterValue = string | number | boolean;

export interface SearchOptions {
  /** Default 10. */
  limit?: number;
  /** Hits to leave out before the first: those of the pages before. */
  offset?: number;
  /** Words and meaning (default), or one of them alone. */
  mode?: "hybrid" | "semantic" | "lexical";
  /** One hit for each document, the others of it in `more` (default: true). */
  group?: boolean;
  /** Only documents whose metadata say so: `{ version: "2.0", tags: ["pump", "oil"] }`. With an empty query: all of these, by key. */
  filters?: Record<string, FilterValue | FilterValue[] | { min?: string | number; max?: string | number }>;
  /** Of a page in several places this one: `{ lang: navigator.language, version: "1.0" }`. */
  prefer?: Record<string, string>;
  /** Fields of the metadata to count: `["tags", "author"]`. */
  facets?: string[];
}

export interface Hit {
  /** The chunk's id, 16 hex digits. */
  id: string;
  /** The document's key. */
  document: string;
  title: string;
  /** The headings above the text, joined by " › ". */
  heading: string;
  /** With the anchor of the nearest heading; empty if the document has no URL. */
  url: string;
  /** Plain text, without markup. */
  text: string;
  /** The higher the better among the hits of one search; by meaning alone about the cosine. */
  score: number;
  metadata: Record<string, unknown>;
  /** The text with its structure: lists, tables, code, links (format.md, section 4.5). */
  markdown: string;
  /** Where else the text stands, and the page in other versions and languages; the preferred first. */
  places: Place[];
  /** The sentence that answers. */
  excerpt: string;
  /** Where words of the query stand in it: from, to. */
  marks: [number, number][];
  /** Where the hit stands among all chunks that answer by its words, and by its meaning, from 1; null: nowhere. */
  why: { words: number | null; meaning: number | null };
  /** Further hits of the same document, best first. */
  more: Hit[];
  /** `url`, and on a page of the document's own a text fragment with it: browsers mark the words there. */
  link: string;
}

/** Hits, best first, and what is to be said of them all. */
export interface Results extends Array<Hit> {
  /** How many pages answer, shown or not; versions and translations of one count once. Without grouping: chunks. */
  total: number;
  /** Words of the query that no page has, as it writes them. */
  unknown: string[];
  /** No page has the words of the query, or few of them: the hits are near in meaning. */
  nearest: boolean;
  /** The words of a release that has just been installed are still being read: what is here was found by meaning alone. */
  preparing: boolean;
  /** Nobody has verified it yet (option `preview`). */
  preview?: true;
  /** What encoded the question, where the app has an encoder of its own: that, or the release's table, till an update has
   * brought what the app's takes. */
  encoder?: "own" | "table";
  /** For the fields that were asked for, or for `lang`, `version` and `source`, where documents differ: how many of those
   * that answer say what; the 100 commonest. */
  facets: Record<string, Record<string, number>>;
  /** The question as it was looked for, where words that no page has were taken for others; or empty. */
  meant: string;
  /** The tag of the language that the question is in, where no page is; empty where pages are, or nobody can tell. */
  language: string;
  /** Fields of the filters that no document has (misspelt, or of another release), each with that which may be meant, or "". */
  unsaid: Record<string, string>;
  /** What the question stands for in these hits, folded: what to mark in a title, or a whole page. */
  words: string[];
}

export interface Passage {
  /** The chunk's id, as in a `Hit`. */
  id: string;
  /** The headings above the text, joined by " › ". */
  heading: string;
  /** The same, outermost first. */
  headings: string[];
  anchor: string;
  /** As in a `Hit`. */
  text: string;
  markdown: string;
}

/** Neighbouring characters that look alike; `image`: the address of the image whose alternative text this is. */
export interface Run {
  text: string;
  strong: boolean;
  emphasis: boolean;
  code: boolean;
  link: string;
  image: string;
}

/** A block of a text (format.md, section 4.5). Neighbouring rows are one table, neighbouring items one list. */
export type Block =
  | { kind: "paragraph"; runs: Run[] }
  | { kind: "item"; runs: Run[]; depth: number; number: number | null }
  | { kind: "row"; cells: Run[][]; header: boolean }
  | { kind: "code"; text: string; language: string };

/** The blocks of a hit's or passage's `markdown`, in reading order: what to draw it from. Any string can be read. */
export declare function parseMarkup(markdown: string): Block[];

export interface KnowledgeDocument {
  key: string;
  title: string;
  url: string;
  metadata: Record<string, unknown>;
  /** In reading order. */
  chunks: Passage[];
}

/** One thing that was looked at. */
export interface Finding {
  name: string;
  sound: boolean;
  message: string;
}

export interface Diagnosis {
  sound: boolean;
  /** How the store is now. */
  checks: Finding[];
  /** How it was, if something was done about it. */
  before: Finding[];
  /** Where a damaged file lies now; in a browser null. */
  setAside: string | null;
}

export type Plan = "none" | "direct" | "tiers" | "full";

export interface Check {
  available: boolean;
  sequence: number;
  version: string;
  plan: Plan;
  /** What installing it would download. */
  bytes: number;
  installed: number | null;
  /** Why a newer release is not offered, or what one that is waits for; "stale-mirror": the host shows older metadata than it did before. */
  reason: "yanked" | "refused" | "pinned" | "manual" | "off" | "insignificant" | "connection" | "stale-mirror" | null;
  /** What an update would download in all, metadata and manifest too. */
  cost: number;
  /** How many documents it changes; null: nobody knows. */
  documents: number | null;
  /** Its publisher says that it must not wait for others. */
  critical: boolean;
  /** What is done about it unasked. */
  decision: "install" | "notify" | "wait";
}

export interface Outcome {
  from: number | null;
  /** What is installed now; 0: nothing is. */
  to: number;
  version: string;
  plan: Plan;
  /** The release that came from the seed, if one did. */
  seeded: number | null;
  requests: number;
  bytes: number;
  totalBytes: number;
  seconds: number;
  /** Why the published release was not installed; "stale-mirror": the host shows older metadata than it did before, and nothing older was taken. */
  reason: "yanked" | "refused" | "pinned" | "stale-mirror" | null;
  /** A release that was found and waits, as the policy has it. */
  offer: Check | null;
}

/** In `updateFailed`, in `getStatus()` and on every rejection. */
export type ErrorCode =
  | "error"
  | "usage"
  | "network"
  | "server"
  | "content"
  | "newer-format"
  | "trust"
  | "signature"
  | "rollback"
  | "restarted"
  | "equivocation"
  | "expired"
  | "clock"
  | "storage"
  | "quota"
  | "budget"
  | "busy"
  | "empty"
  | "self-test"
  | "cancelled";

export interface StatusError {
  code: string;
  message: string;
  /** ISO time. */
  time: string;
}

export interface LastError {
  code: string;
  message: string;
  /** ISO time. */
  at: string;
  /** Trying again later, unchanged, may well succeed. */
  transient: boolean;
}

export interface Status {
  state: State;
  /** What is wrong with the seed that the app ships, if anything. */
  seed: { code: string; message: string } | null;
  mode: Mode;
  policy: Policy;
  /** Those that the publisher names. */
  channels: string[];
  installed: LocalVersion | null;
  /** What answers out of the app's own documents (option `fallback`), while there is no release. */
  local: { documents: number; chunks: number } | null;
  /** What answers unverified, on a first visit (option `preview`). */
  preview: LocalVersion | null;
  previous: LocalVersion | null;
  pinned: number | null;
  /** Releases that were left by `rollback()` or failed their self-test. */
  refused: number[];
  /** Of those that did not work here: why, by their sequence. */
  reasons: Record<string, string>;
  /** Releases that the publisher has taken back. */
  yanked: number[];
  /** Why `latest` is not installed. */
  reason: "yanked" | "refused" | "pinned" | null;
  /**
   * The newest release that was verified, installed or not; where the channel has a candidate, for how many of 10,000
   * that is, and whether this reader is among them.
   */
  latest: {
    sequence: number;
    version: string;
    candidate?: { sequence: number; rollout: number; assigned: boolean };
  } | null;
  /** What waits for `update()`. */
  offer: Check | null;
  /** ISO time of the last full refresh of the signed metadata. */
  checked: string | null;
  /** ISO time at which the host last answered as it should. */
  contacted: string | null;
  /** ISO time until which the metadata say that they are fresh. */
  expires: string | null;
  expired: boolean;
  /** ISO time since when the host shows older metadata than it did before, while it does. */
  staleSince: string | null;
  /** The same as `lastError`, in older words: `time` for `at`, and no `transient`. */
  error: StatusError | null;
  /** The last error, unless things went well since. It outlives the page. */
  lastError: LastError | null;
  /** The trust was pinned on the first contact: the app ships no root. */
  firstUse: boolean;
  /** What is stored, and in how many objects. */
  bytes: number;
  objects: number;
}

/** `elsewhere`: another page of this site did it; with the plan "none" if that page could not tell how. */
export interface Events {
  updateAvailable: Check;
  updateStarted: { sequence: number; version: string; plan: Plan; totalBytes: number };
  updateProgress: {
    plan: Plan;
    /** `starting`: the program that verifies is on its way, where it is not kept here. */
    stage: "starting" | "downloading" | "verifying" | "installing";
    percentage: number;
    bytes: number;
    totalBytes: number;
  };
  updateCompleted: { sequence: number; version: string; plan: Plan; bytes: number; elsewhere?: true };
  /** `needed` and `available`: bytes, for code "quota", where they are known. */
  updateFailed: { code: string; message: string; willRetry: boolean; needed?: number | null; available?: number | null };
  rolledBack: { sequence: number; version: string; elsewhere?: true };
  /** Stored objects were missing or damaged; so many of them are mended. `sequence`: the installed release. */
  corruption: { objects: string[]; repaired: number; sequence: number | null };
}

/** Of a page alone: CPython has no previews. */
export interface PageEvents extends Events {
  /** What answers unverified (option `preview`); null: it did not verify, nothing that is published is for this reader (`status.reason`), or data are saved and somebody has to ask: nothing answers. */
  preview: { sequence: number; version: string } | null;
}

/** Every rejection is one of these. */
export declare class VademecumError extends Error {
  constructor(code: string, message: string, detail?: { status?: number; retryAfter?: number | null; needed?: number | null; available?: number | null });
  /** One of `ErrorCode`. */
  code: string;
  /** The HTTP status, for code "server". */
  status: number | undefined;
  /** Seconds that the host asked to wait. */
  retryAfter: number | null;
  /** Bytes that the update has to store at least, for code "quota". */
  needed: number | null;
  /** Bytes that may still be stored, for code "quota". */
  available: number | null;
  /** Trying again later, unchanged, may well succeed. */
  get transient(): boolean;
}

export declare const MODES: readonly ["automatic", "notify", "manual", "off"];
export declare const EVENTS: readonly [
  "updateAvailable",
  "updateStarted",
  "updateProgress",
  "updateCompleted",
  "updateFailed",
  "rolledBack",
  "corruption",
];

export declare class KnowledgeBase {
  constructor(options: KnowledgeBaseOptions);

  /** The address of the published tree, absolute. */
  readonly url: string;
  /** Resolves when something can be searched: at once if a release is installed, else after the first install. */
  readonly ready: Promise<LocalVersion>;
  /** As chosen last; it persists. */
  get mode(): Mode;
  get policy(): Policy;

  /** Opens what is installed, with no network and no Python, and begins to follow the releases. */
  initialize(): Promise<LocalVersion | null>;
  /** The best hits, best first. Rejects with code "empty" while nothing is installed. `limit`: 1 to 1000, default 10. */
  search(query: string, options?: SearchOptions): Promise<Results>;
  /** The passages of other pages that mean nearly the same as a hit, one a document. `limit`: 1 to 1000, default 10. */
  similar(id: string, options?: { limit?: number }): Promise<Results>;
  document(key: string): Promise<KnowledgeDocument | null>;

  /** Returns a function that removes the listener. A listener that throws changes nothing. */
  on<Name extends keyof PageEvents>(name: Name, listener: (detail: PageEvents[Name]) => void): () => void;
  off<Name extends keyof PageEvents>(name: Name, listener: (detail: PageEvents[Name]) => void): void;

  /** Asks the host; installs nothing. */
  checkForUpdates(): Promise<Check>;
  /** Installs the published release if it is newer, whatever the mode and the connection. */
  update(): Promise<Outcome>;
  /** Fetches and installs the published release whole, even if it is installed or was refused. */
  forceUpdate(): Promise<Outcome>;
  /** Reads and judges everything that is stored, and mends what is broken, with as little as it takes. */
  doctor(options?: { repair?: boolean }): Promise<Diagnosis>;
  /** Back to the generation before; the one that is left is not installed again by itself. */
  rollback(): Promise<LocalVersion | null>;
  /** Stay at the current or the previous release; null: follow the channel again. */
  pin(sequence: number | null): Promise<void>;
  /** Pass a release over; null takes back what was decided so: the release that was left comes again. */
  skip(sequence: number | null): Promise<void>;
  setMode(mode: Mode): Promise<void>;
  /** What a user chooses, in all pages of the site; it persists. */
  setPolicy(choices: Choices): Promise<void>;

  getStatus(): Promise<Status>;
  /** What is searched now. */
  getLocalVersion(): Promise<LocalVersion | null>;
  /** What the host says it has; not verified. */
  fetchPublishedVersion(): Promise<PublishedVersion>;

  /** Forgets what is installed, but not the trust that was built up. */
  clearVersion(): Promise<void>;
  /** Forgets everything but the chosen mode. */
  clear(): Promise<void>;
  /** Ends the workers. What still runs rejects with code "cancelled". */
  close(): Promise<void>;
}
