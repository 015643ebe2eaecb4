// @ts-check
/** A site that is tried on this machine: its hits lead to its pages here, where these are, and not to the published ones. */

const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u;

export class Nearby {
  /** Where pages of an origin are: here, or there. @type {Map<string, string>} */ #origins = new Map();

  /** Look once for each origin whether its pages are here, too. @param {(string | null)[]} addresses */
  async look(addresses) {
    if (!LOCAL.test(location.hostname)) return;
    for (const address of addresses) {
      const { origin, pathname } = new URL(address ?? location.href);
      if (pathname === "/") continue; // every host has one
      if (origin === location.origin || this.#origins.has(origin)) continue;
      const answer = await fetch(new URL(pathname, location.origin)).catch(() => null);
      this.#origins.set(origin, answer?.ok ? location.origin : origin);
    }
  }

  /** @param {string} address */
  of(address) {
    const { origin } = new URL(address);
    return (this.#origins.get(origin) ?? origin) + address.slice(origin.length);
  }
}
