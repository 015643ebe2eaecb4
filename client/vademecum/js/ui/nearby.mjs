// @ts-check
/** A site that is tried on this machine: its hits lead to its pages here, where these are, and not to the published ones. */

const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u;

export class Nearby {
  /** What addresses of an origin begin with there, and here. @type {Map<string, [string, string]>} */ #origins = new Map();

  /** Look once for each origin whether its pages are here, too. @param {(string | null)[]} addresses */
  async look(addresses) {
    if (!LOCAL.test(location.hostname)) return;
    for (const address of addresses) {
      const { origin, pathname } = new URL(address ?? location.href);
      if (pathname === "/") continue; // every host has one
      if (origin === location.origin || this.#origins.has(origin)) continue;
      /** @type {[string, string]} */ let found = [origin, origin];
      // A project's site lies in a folder there (`/project/page/`), and may be served alone here (`/page/`).
      const below = pathname.replace(/^\/[^/]*/u, "");
      for (const path of below.length > 1 ? [pathname, below] : [pathname]) {
        const answer = await fetch(new URL(path, location.origin)).catch(() => null);
        if (!answer?.ok) continue;
        found = [origin + pathname.slice(0, pathname.length - path.length), location.origin];
        break;
      }
      this.#origins.set(origin, found);
    }
  }

  /** @param {string} address */
  of(address) {
    const [there, here] = this.#origins.get(new URL(address).origin) ?? ["", ""];
    return address.startsWith(`${there}/`) ? here + address.slice(there.length) : address;
  }
}
