"""An app on a page of Chromium: a knowledge base, and the events that it hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, Page, Route

from support.chromium import PATIENCE
from support.pages_host import PagesHost

START = """async (options) => {
    const { KnowledgeBase, EVENTS } = await import('/client/vademecum.mjs');
    const kb = new KnowledgeBase({ url: '/', ...options });
    Object.assign(window, { kb, events: [] });
    for (const name of EVENTS) kb.on(name, (detail) => events.push([name, detail]));
    return kb.initialize();
}"""
ANSWER = """async ([method, args]) => {
    try {
        return { value: await kb[method](...args) };
    } catch (error) {
        return { code: error.code ?? String(error) };
    }
}"""
HURRY = """const wait = self.setTimeout;
self.setTimeout = (act, ms, ...args) => wait(act, ms < 9_000 ? ms / 50 : ms, ...args); // longer ones are limits
"""
EVENTUALLY = """for (const begin = performance.now(); ; await new Promise((again) => setTimeout(again, 20))) {
    const value = await (%s);
    if (value || performance.now() - begin > %d) return value;
}"""
FILL = "([name, content]) => import('/raw_database.mjs').then(({ fill }) => fill(name, content))"
DUMP = "(name) => import('/raw_database.mjs').then(({ dump }) => dump(name))"
FOUND = "what to know about keys"

Content = dict[str, dict[str, str]]
"""Of a database: `records` and `objects`, by name, in hex."""


def eventually(page: Page, expression: str) -> Any:
    """Wait on the page until an expression is truthy: `wait_for_function` is shut out by the policy."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if value := page.evaluate(f"async () => {{ {EVENTUALLY % (expression, PATIENCE * 1000)} }}"):
                return value
        except Error as error:
            if "Execution context was destroyed" not in error.message:  # by the page that came after it
                raise
    raise AssertionError(f"still false: {expression}")


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait until something holds on this side of the page, whose requests Playwright hands over meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it does not come to pass"
        page.wait_for_timeout(20)


class App:
    """One page with a knowledge base on it."""

    def __init__(self, page: Page, host: PagesHost, root: str, eventually: Callable[[Page, str], Any]) -> None:
        self.page, self.host, self._root, self._eventually = page, host, root, eventually

    def start(self, **options: Any) -> Any:
        """Load the page and open the knowledge base on it; return what `initialize` gives."""
        self.page.goto(f"{self.host.url}app.html")
        return self.page.evaluate(START, {"trust": self._root, **options})

    def hurry(self) -> None:
        """From the next start of Python on it waits a fiftieth of its time between two tries."""

        def hurried(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, body=HURRY + answer.text())

        self.page.route("**/client/worker.mjs", hurried)

    def install(self) -> None:
        """Install what is published; the background does nothing."""
        self.start(autoUpdate=False)
        self.call("setMode", "off")
        self.call("update")

    def stored(self) -> Content:
        """Return all that the database of the knowledge base holds."""
        content: Content = self.page.evaluate(DUMP, self._database)
        return content

    def restore(self, content: Content) -> None:
        """Make the database hold what another one held."""
        self.page.goto(f"{self.host.url}app.html")
        self.page.evaluate(FILL, [self._database, content])

    @property
    def _database(self) -> str:
        return f"vademecum:{self.host.url}"

    def call(self, method: str, *args: Any) -> Any:
        answer = self.page.evaluate(ANSWER, [method, list(args)])
        assert "code" not in answer, answer
        return answer.get("value")

    def refused(self, method: str, *args: Any) -> str:
        """Return the code with which a call is rejected."""
        return str(self.page.evaluate(ANSWER, [method, list(args)]).get("code"))

    def texts(self, query: str = FOUND) -> list[str]:
        return [hit["text"] for hit in self.call("search", query)]

    def events(self, name: str) -> list[Any]:
        return [detail for event, detail in self.page.evaluate("events") if event == name]

    def names(self) -> list[str]:
        return [event for event, _ in self.page.evaluate("events")]

    def wait_for(self, event: str) -> None:
        self._eventually(self.page, f"events.some(([name]) => name === '{event}')")

    def wait_for_state(self, state: str) -> None:
        self._eventually(self.page, f"kb.getStatus().then(({{ state }}) => state === '{state}')")

    def requested(self, part: str) -> list[str]:
        return [request.path for request in self.host.requests if part in request.path]


def second_release(publisher: Any) -> None:
    publisher.write("keys.md", "# All about keys\n\n## News\n\nThe second edition: keys are rotated by hand.\n")
    publisher.publish()
