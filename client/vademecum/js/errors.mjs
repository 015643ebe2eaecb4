// @ts-check
/** The one error class of the browser client; it imports nothing. `code` is the same word as in Python's error tree. */

/** @typedef {{status?: number, retryAfter?: number | null}} ErrorDetail */
/** @typedef {{code: string, message: string} & ErrorDetail} PlainError an error on its way between threads */

/** Trying again later, unchanged, may well succeed. */
export const TRANSIENT = ["network", "server", "budget", "busy", "cancelled"];

export class VademecumError extends Error {
  /**
   * @param {string} code
   * @param {string} message what was found, where, and what to do about it
   * @param {ErrorDetail} [detail]
   */
  constructor(code, message, detail = {}) {
    super(message);
    this.name = "VademecumError";
    this.code = code;
    /** @type {number | undefined} the HTTP status, for code "server" */
    this.status = detail.status;
    /** @type {number | null} seconds that the host asked to wait */
    this.retryAfter = detail.retryAfter ?? null;
  }

  /** True when trying again later, unchanged, may well succeed. */
  get transient() {
    return TRANSIENT.includes(this.code);
  }
}

/**
 * Anything that was thrown, as one of ours: code "error" when nobody named it.
 * @param {unknown} thrown
 * @returns {VademecumError}
 */
export function asError(thrown) {
  if (thrown instanceof VademecumError) return thrown;
  const { code, message, status, retryAfter } = /** @type {PlainError} */ (Object(thrown));
  const text = typeof message === "string" ? message : String(thrown);
  return new VademecumError(typeof code === "string" ? code : "error", text, { status: status ?? undefined, retryAfter });
}

/**
 * @param {unknown} thrown
 * @returns {PlainError}
 */
export function plainError(thrown) {
  const { code, message, status, retryAfter } = asError(thrown);
  return { code, message, status, retryAfter };
}
