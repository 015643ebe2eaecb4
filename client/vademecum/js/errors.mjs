// @ts-check
/** The one error class of the browser client; it imports nothing. `code` is the same word as in Python's error tree. */

/** @typedef {{status?: number, retryAfter?: number | null, needed?: number | null, available?: number | null}} ErrorDetail */
/** @typedef {import("./vademecum.d.mts").ErrorCode} ErrorCode */
/** @typedef {{code: ErrorCode, message: string} & ErrorDetail} PlainError an error on its way between threads */

/** Trying again later, unchanged, may well succeed. */
export const TRANSIENT = ["network", "server", "budget", "busy", "cancelled"];

export class VademecumError extends Error {
  /** @param {ErrorCode} code @param {string} message what was found, where, and what to do about it
   * @param {ErrorDetail} [detail] */
  constructor(code, message, detail = {}) {
    super(message);
    this.name = "VademecumError";
    this.code = code;
    /** @type {number | undefined} the HTTP status, for code "server" */
    this.status = detail.status;
    /** @type {number | null} seconds that the host asked to wait */
    this.retryAfter = detail.retryAfter ?? null;
    /** @type {number | null} bytes that the update has to store at least, for code "quota" */
    this.needed = detail.needed ?? null;
    /** @type {number | null} bytes that may still be stored, for code "quota" */
    this.available = detail.available ?? null;
  }

  /** True when trying again later, unchanged, may well succeed. */
  get transient() {
    return TRANSIENT.includes(this.code);
  }
}

/** Anything that was thrown, as one of ours: code "error" when nobody named it.
 * @param {unknown} thrown @returns {VademecumError} */
export function asError(thrown) {
  if (thrown instanceof VademecumError) return thrown;
  const { code, message, status, retryAfter, needed, available } = /** @type {PlainError} */ (Object(thrown));
  const text = typeof message === "string" ? message : String(thrown);
  return new VademecumError(typeof code === "string" ? code : "error", text, { status: status ?? undefined, retryAfter, needed, available });
}

/** @param {unknown} thrown @returns {PlainError} */
export function plainError(thrown) {
  const { code, message, status, retryAfter, needed, available } = asError(thrown);
  return { code, message, status, retryAfter, needed, available };
}
