/** The public types of vademecum in a browser; `vademecum.mjs` is checked against them. */

/** `automatic` installs; `notify` emits an event and waits for `update()`; `manual` waits silently; `off` does not even ask the host. */
export type Mode = "automatic" | "notify" | "manual" | "off";

/** What is done about a release unasked. */
export interface Policy {
  mode: Mode;
  /** The line of releases to follow. */
  channel: string;
  /** `unmetered`: neither with data saving nor over 2g; `wifi`: only over a connection known to be Wi-Fi or a cable. */
  connection: "any" | "unmetered" | "wifi";
  /** Download limit of one update, in bytes; the next continues. Null or 0: no limit. */
  maxUpdateBytes: number | null;
  /** A release that changes fewer documents waits for a later one, unless it is critical. */
  leastDocuments: number;
  /** `next-start`: pages that are open go on with the release that they have read. */
  activation: "now" | "next-start";
}

/** The user's choices; null returns one to the app's default. */
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

/** What `navigator.connection` says, if the browser has it. */
export interface Connection {
  saveData?: boolean;
  effectiveType?: string;
  type?: string;
}

export interface KnowledgeBaseOptions {
  /** Address of the published tree, relative to the page; or a list of mirrors, the preferred one first, which names the store. */
  url: string | URL | (string | URL)[];
  /** The root metadata shipped with the app: parsed JSON or its text, or a function that returns either, called when there
   * is something to check. Without it the first root that the host shows is pinned (trust on first use). */
  trust?: object | string | (() => Promise<object | string> | object | string) | null;
  /** Address of a published tree shipped with the app, on the page's own origin; relative to the page. */
  seed?: string | URL | null;
  /** False: the mode is `manual` until `setMode` says otherwise. Default: true. */
  autoUpdate?: boolean;
  /** Milliseconds between two checks. Default: one hour. */
  checkIntervalMs?: number;
  /** The line of releases to follow. Default: `stable`. */
  channel?: string;
  /** What is done about a release, unless the user has chosen otherwise; or a function that says whether automatic downloads
   * may happen over this connection, asked when an update starts and while it runs. */
  policy?: Partial<Policy> | ((connection: Connection) => boolean);
  /**
   * Download limit of one update, in bytes: it pauses there (`budget`), and the next continues. `forceUpdate()` ignores it.
   * Default: no limit.
   */
  maxUpdateBytes?: number;
  /** Address of the workers and the Python runtime. Default: beside `vademecum.mjs`. */
  clientUrl?: string | URL;
  /**
   * On a first visit, answer from what the host shows while it is being verified: marked, in memory only, and only with
   * the scripts of the published tree, on its own origin. Default: false.
   */
  preview?: boolean;
  /** Documents of the app, searched by their words, in memory, while no release is installed. */
  fallback?: LocalDocument[];
  /** A query encoder of the app, in place of the release's table: the model that made the documents' vectors, or one that the
   * app makes of the release's model files. */
  encoder?: Encode | OfModel;
  /** Log to the console. */
  debug?: boolean;
}

/** Makes an encoder of the model files that a release brings, once an epoch, after the first hits. */
export interface OfModel {
  /** `onnx`: a graph from `input_ids` and `attention_mask`, int64 [1, n], to `vector`, float32 [1, D]; `tokenizer`: a
   * `tokenizer.json`. Both are verified. */
  model(files: { onnx: Uint8Array; tokenizer: Uint8Array }): Encode | Promise<Encode>;
}

/** Returns the model's vector of a text: as many numbers as the model has dimensions, of any norm. */
export type Encode = (text: string) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** A document of the app, searched while no release is installed. */
export interface LocalDocument {
  key: string;
  title?: string;
  url?: string;
  text?: string;
  /** Instead of `text`. */
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
  /** The keys that signed it are revoked by now: the next good release replaces it, whatever its number. */
  revoked: boolean;
}

/** `version.json` of the published tree: not signed, for display only. */
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
  /** From its metadata; empty if they do not say. */
  lang: string;
  version: string;
}

/** A text also matches the number or boolean that it spells. */
export type FilterValue = string | number | boolean;

export interface SearchOptions {
  /** At most so many hits, 1 to 1000. Default: 10. */
  limit?: number;
  /** Hits to skip: those of earlier pages. Default: 0. */
  offset?: number;
  /** `hybrid` (default), `lexical` (by words alone) or `semantic` (by meaning alone). */
  mode?: "hybrid" | "semantic" | "lexical";
  /** One hit for each document, its others in `more`. Default: true. */
  group?: boolean;
  /** Only documents with this metadata: `{ version: "2.0", tags: ["pump", "oil"], date: { min: "2024-01-01" } }`. With an empty
   * query all of them are listed, by key. */
  filters?: Record<string, FilterValue | FilterValue[] | { min?: string | number; max?: string | number }>;
  /** Which place of a page to show if it has several: `{ lang: navigator.language, version: "1.0" }`. */
  prefer?: Record<string, string>;
  /** Metadata fields to count, such as `["tags", "author"]`. Default: `lang`, `version` and `source`. */
  facets?: string[];
}

/** A chunk that answers a query. */
export interface Hit {
  /** The chunk's id, 16 hex digits. */
  id: string;
  /** The document's key. */
  document: string;
  title: string;
  /** The headings above the text, outermost first, joined by " › "; may be empty. */
  heading: string;
  /** The document's URL with the chunk's anchor; without one, the tree's search page at this document. */
  url: string;
  /** Plain text, without markup. */
  text: string;
  /** Higher is better; comparable within one search only. With `semantic`, about the cosine. */
  score: number;
  metadata: Record<string, unknown>;
  /** The text with its structure: lists, tables, code, links (format.md, section 4.5). */
  markdown: string;
  /** Other places of the text, and the page in other versions and languages; the preferred first. */
  places: Place[];
  /** The best sentence. */
  excerpt: string;
  /** Spans of the query's words in the excerpt, [start, end) in UTF-16 units, as `slice` takes them. */
  marks: [number, number][];
  /** The rank of the hit by words alone and by meaning alone, from 1; null: not found that way. */
  why: { words: number | null; meaning: number | null };
  /** Further hits of the same document, best first. */
  more: Hit[];
  /** `url` with a text fragment, so that browsers mark the words on the page. */
  link: string;
}

/** Hits, best first, and facts about all of them. */
export interface Results extends Array<Hit> {
  /** How many pages match, shown or not; versions and translations of a page count once. Without grouping: chunks. */
  total: number;
  /** Words of the query that no page has, as typed. */
  unknown: string[];
  /** Whether few or no words of the query were found: the hits are near in meaning only. */
  nearest: boolean;
  /** Whether the words of a release just installed are still being read: these hits were found by meaning alone. */
  preparing: boolean;
  /** The hits are not verified yet (option `preview`). */
  preview?: true;
  /** What encoded the query, if the app has its own encoder: that (`own`), or the release's table until an update has fetched
   * what the encoder needs. */
  encoder?: "own" | "table";
  /** Counts of values among the matching documents, by field: the fields that were asked for, else `lang`, `version` and
   * `source` where documents differ; the 100 commonest values. */
  facets: Record<string, Record<string, number>>;
  /** The corrected query, if unknown words were taken for others; else empty. */
  meant: string;
  /** Tag of the query's language, if it is one that no page is in; else empty. */
  language: string;
  /** Fields of the filters that no document has, each with a suggestion, which may be empty. */
  unsaid: Record<string, string>;
  /** The words that the query matched, folded: what to mark in titles and pages. */
  words: string[];
}

/** One chunk of a document, for reading. */
export interface Passage {
  /** The chunk's id, as in a `Hit`. */
  id: string;
  /** As in a `Hit`. */
  heading: string;
  /** The headings above the text, outermost first; the document's title is not among them. */
  headings: string[];
  /** The URL fragment of the nearest heading, without `#`; may be empty. */
  anchor: string;
  /** As in a `Hit`. */
  text: string;
  markdown: string;
}

/** Adjacent characters of one style. `image`: the address of the image that has this alternative text. */
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

/** Parses a hit's or passage's `markdown` into blocks, in reading order, for display. Any string is accepted. */
export declare function parseMarkup(markdown: string): Block[];

/** A whole document. */
export interface KnowledgeDocument {
  /** The document's stable identifier, such as its path in the source. */
  key: string;
  title: string;
  url: string;
  metadata: Record<string, unknown>;
  /** In reading order. */
  chunks: Passage[];
}

/** One thing that the doctor examined. */
export interface Finding {
  name: string;
  sound: boolean;
  message: string;
}

export interface Diagnosis {
  sound: boolean;
  /** The store as it is now. */
  checks: Finding[];
  /** The store as it was, if something was repaired. */
  before: Finding[];
  /** Where a damaged file was set aside; in a browser null. */
  setAside: string | null;
}

/** How a release is installed: not at all, by direct packs, by the segments that changed, or whole. */
export type Plan = "none" | "direct" | "tiers" | "full";

/** What the host offers. */
export interface Check {
  /** Whether there is a release to install. */
  available: boolean;
  sequence: number;
  version: string;
  plan: Plan;
  /** Bytes of the index that installing it would download. */
  bytes: number;
  /** The installed sequence. */
  installed: number | null;
  /** Why a newer release is not offered, or why an offered one waits; `stale-mirror`: the host shows older metadata than before. */
  reason: "yanked" | "refused" | "pinned" | "manual" | "off" | "insignificant" | "connection" | "stale-mirror" | null;
  /** Bytes that an update would download in all, with metadata and manifest. */
  cost: number;
  /** How many documents it changes; null: unknown. */
  documents: number | null;
  /** Whether it, or a release since the installed one, is marked critical by its publisher. */
  critical: boolean;
  /** What the policy does about it unasked. */
  decision: "install" | "notify" | "wait";
}

/** What an update did. */
export interface Outcome {
  /** What was installed before. */
  from: number | null;
  /** What is installed now; 0: nothing. */
  to: number;
  version: string;
  plan: Plan;
  /** The release that came from the seed, if any. */
  seeded: number | null;
  /** Of the run, the check included. */
  requests: number;
  /** Of the run: bytes of bodies, as sent. */
  bytes: number;
  /** Bytes of the index that the plan takes. */
  totalBytes: number;
  seconds: number;
  /** Why the published release was not installed; `stale-mirror`: the host shows older metadata than before, and nothing was taken from it. */
  reason: "yanked" | "refused" | "pinned" | "stale-mirror" | null;
  /** A release that waits, as the policy says. */
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

export interface LastError {
  code: ErrorCode;
  message: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Trying again later, unchanged, may well succeed. */
  transient: boolean;
}

export interface Status {
  state: State;
  /** What is wrong with the seed shipped with the app, if anything. */
  seed: { code: ErrorCode; message: string } | null;
  mode: Mode;
  policy: Policy;
  /** The channels that the publisher names. */
  channels: string[];
  installed: LocalVersion | null;
  /** The app's own documents (option `fallback`), while they answer because no release is installed. */
  local: { documents: number; chunks: number } | null;
  /** The release that answers unverified, on a first visit (option `preview`). */
  preview: LocalVersion | null;
  previous: LocalVersion | null;
  pinned: number | null;
  /** Releases left by `rollback()`, skipped, or that failed their self-test. */
  refused: number[];
  /** Why those did not work that failed here, by sequence. */
  reasons: Record<string, string>;
  /** Releases that the publisher has yanked. */
  yanked: number[];
  /** Why `latest` is not installed. */
  reason: "yanked" | "refused" | "pinned" | null;
  /**
   * The published release, as of the last good check. `candidate`: the channel's candidate, for how many of 10,000 stores it
   * is, and whether this one is among them.
   */
  latest: {
    sequence: number;
    version: string;
    candidate?: { sequence: number; rollout: number; assigned: boolean };
  } | null;
  /** The release that waits for `update()`. */
  offer: Check | null;
  /** When all of the signed metadata was last refreshed. */
  checked: string | null;
  /** When the host last answered as it should. */
  contacted: string | null;
  /** When the first of the metadata expires. */
  expires: string | null;
  expired: boolean;
  /** Since when the host shows older metadata than before, while it does. */
  staleSince: string | null;
  /** The last error, until things go well. It outlives the page. */
  lastError: LastError | null;
  /** Whether the trust was pinned on the first contact: the app ships no root. */
  firstUse: boolean;
  /** Bytes of all stored objects. */
  bytes: number;
  objects: number;
}

/** The details of each event. `elsewhere`: another page of this site did it; the plan is `none` if that page could not tell how. */
export interface Events {
  updateAvailable: Check;
  updateStarted: { sequence: number; version: string; plan: Plan; totalBytes: number };
  updateProgress: {
    plan: Plan;
    /** `starting`: the program that verifies is being fetched. */
    stage: "starting" | "downloading" | "verifying" | "installing";
    percentage: number;
    bytes: number;
    totalBytes: number;
  };
  updateCompleted: { sequence: number; version: string; plan: Plan; bytes: number; elsewhere?: true };
  /** `needed` and `available`: bytes, for code "quota", where they are known. */
  updateFailed: { code: ErrorCode; message: string; willRetry: boolean; needed?: number | null; available?: number | null };
  rolledBack: { sequence: number; version: string; elsewhere?: true };
  /** These stored objects were missing or damaged, and so many are repaired. `sequence`: the installed release. */
  corruption: { objects: string[]; repaired: number; sequence: number | null };
}

/** Events of browsers alone: CPython has no previews. */
export interface PageEvents extends Events {
  /** The release that answers unverified (option `preview`); null: nothing does, because it did not verify, it is not for this
   * reader (`getStatus().reason`), or, to save data, it waits for `update()`. */
  preview: { sequence: number; version: string } | null;
}

/** Every rejection is one of these. */
export declare class VademecumError extends Error {
  constructor(code: ErrorCode, message: string, detail?: { status?: number; retryAfter?: number | null; needed?: number | null; available?: number | null });
  code: ErrorCode;
  /** The HTTP status, for code `server`. */
  status: number | undefined;
  /** For how many seconds the host asked to be left alone. */
  retryAfter: number | null;
  /** Bytes that the update has to store at least, for code `quota`. */
  needed: number | null;
  /** Bytes that may still be stored, for code `quota`. */
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
  /** Resolves when something can be searched: at once if a release is installed, else after the first installation. */
  readonly ready: Promise<LocalVersion>;
  /** As last chosen; it persists. */
  get mode(): Mode;
  get policy(): Policy;

  /** Opens the installed release, without network or Python, and begins to follow the channel. */
  initialize(): Promise<LocalVersion | null>;
  /** Returns at most `limit` hits, best first. Rejects with code `empty` while nothing is installed. */
  search(query: string, options?: SearchOptions): Promise<Results>;
  /** Returns passages of other documents that are nearest in meaning to a hit, best first, one a document. `limit`: 1 to 1000,
   * default 10. */
  similar(id: string, options?: { limit?: number }): Promise<Results>;
  /** Returns a whole document as it was indexed; null if the release has no such key. */
  document(key: string): Promise<KnowledgeDocument | null>;

  /** Calls `listener` with the details of each such event; returns a function that unsubscribes it. What it throws is reported,
   * and has no other effect. */
  on<Name extends keyof PageEvents>(name: Name, listener: (detail: PageEvents[Name]) => void): () => void;
  /** Unsubscribes `listener`; one that was never added is ignored. */
  off<Name extends keyof PageEvents>(name: Name, listener: (detail: PageEvents[Name]) => void): void;

  /** Asks the host for a newer release without installing it. */
  checkForUpdates(): Promise<Check>;
  /** Installs the published release if it is newer, whatever the policy says of mode, connection and significance. */
  update(): Promise<Outcome>;
  /** Installs the whole published release, even if it is installed, was refused, or is not the pinned one; never an older one. */
  forceUpdate(): Promise<Outcome>;
  /** Examines the whole store and, unless `repair` is false, repairs what is broken with as few downloads as possible. */
  doctor(options?: { repair?: boolean }): Promise<Diagnosis>;
  /** Goes back to the previous generation. The release left behind is not installed again by itself. */
  rollback(): Promise<LocalVersion | null>;
  /** Stays at the current or the previous release; null follows the channel again. */
  pin(sequence: number | null): Promise<void>;
  /** Does not install a release; null forgets all such decisions, those of `rollback()` included. */
  skip(sequence: number | null): Promise<void>;
  setMode(mode: Mode): Promise<void>;
  /** Stores the user's choices, for all pages of the site. */
  setPolicy(choices: Choices): Promise<void>;

  getStatus(): Promise<Status>;
  /** Returns the release that is searched now. */
  getLocalVersion(): Promise<LocalVersion | null>;
  /** Returns what the host says it has; not verified. */
  fetchPublishedVersion(): Promise<PublishedVersion>;

  /** Forgets what is installed, but not the trust floor. */
  clearVersion(): Promise<void>;
  /** Forgets everything but the user's choices. */
  clear(): Promise<void>;
  /** Ends the workers. What still runs rejects with code `cancelled`. */
  close(): Promise<void>;
}
