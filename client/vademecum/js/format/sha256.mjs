// @ts-check
/** The name that bytes have: their SHA-256 in lower-case hex. */

/** @param {Uint8Array} data */
export async function sha256(data) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (data));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
