// @ts-check
/** The page's address, for the one search that keeps its state there (`?q=`, `&doc=`): shared, and "back" goes back. */

/** @param {Record<string, string>} parameters */
function withParameters(parameters) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  url.hash = "";
  return url.href;
}

export class Address {
  /** @param {(at: {query: string, document: string, passage: string}) => void} follow called when the reader goes back or forth */
  constructor(follow) {
    this.listener = () => follow(this.now);
    addEventListener("popstate", this.listener);
  }

  get now() {
    const parameters = new URLSearchParams(location.search);
    return { query: parameters.get("q") ?? "", document: parameters.get("doc") ?? "", passage: location.hash.slice(1) };
  }

  /** The first letter makes a new entry in the history; the following ones change it. @param {string} query */
  asked(query) {
    const known = this.now.query;
    if (query === known) return;
    const href = withParameters({ q: query, doc: "" });
    if (known === "" || query === "") history.pushState(null, "", href);
    else history.replaceState(null, "", href);
  }

  /** @param {string} key @param {string} passage */
  reading(key, passage) {
    history.pushState({ reader: true }, "", `${withParameters({ doc: key })}#${passage}`);
  }

  /** Closing goes back to the entry before, if this page made the one for the reader. */
  closed() {
    if (this.now.document === "") return;
    if (history.state?.reader) history.back();
    else history.replaceState(null, "", withParameters({ doc: "" }));
  }

  end() {
    removeEventListener("popstate", this.listener);
  }
}
