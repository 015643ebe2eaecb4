"""An encoder behind an address: batches, waits, limits, and hosts that fail, limit or stall."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stamina

from vademecum import KnowledgeBase
from vademecum.errors import ContentError, NetworkError, ServerError, UsageError
from vademecum_builder.build import BuildRequest, build
from vademecum_builder.cli.workspace import of_build
from vademecum_builder.encoders.http import KEY, Cost, HttpModel
from vademecum_builder.encoders.kept import KeptModel
from vademecum_builder.encoders.prior import PROBES
from vademecum_builder.encoders.registry import NamedEncoders, published_name
from vademecum_builder.plan import plan_build
from vademecum_builder.settings import read_settings
from vademecum_builder.signing.root import new_keys
from vademecum_builder.workspace.store import Workspace

Reply = tuple[int, Mapping[str, str], bytes]
D = 8


def vector(text: str) -> list[float]:
    """Texts with words in common are near each other."""
    total = np.zeros(D)
    for word in text.lower().split():
        total += np.random.default_rng(sum(map(ord, word.strip(".,")))).standard_normal(D)
    return [float(component) for component in total]


def good(body: Mapping[str, Any]) -> Reply:
    rows = [{"index": n, "embedding": vector(text)} for n, text in enumerate(body["input"])]
    told = {"data": rows[::-1], "usage": {"total_tokens": 3 * len(rows)}}
    return 200, {}, json.dumps(told).encode()


@dataclass
class Host:
    url: str
    answer: Callable[[Mapping[str, Any]], Reply] = good
    asked: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)
    drips: tuple[bytes, float] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    at_once: int = 0
    most_at_once: int = 0

    def model(self, options: str = "") -> HttpModel:
        return HttpModel.parse(f"{self.url}/v1#small{options}")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv(KEY, "sk-secret")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with told.lock:
                told.asked.append((body, self.headers.get("authorization", "")))
                told.at_once += 1
                told.most_at_once = max(told.at_once, told.most_at_once)
            status, headers, data = told.answer(body)
            with told.lock:
                told.at_once -= 1
            with suppress(OSError):
                self.send_response(status)
                if told.drips:
                    self.end_headers()
                while told.drips:
                    self.wfile.write(told.drips[0])
                    time.sleep(told.drips[1])
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Host(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    stamina.set_testing(True, attempts=3, cap=True)
    yield told
    stamina.set_testing(False)
    server.shutdown()
    thread.join()
    server.server_close()


def test_texts_go_in_batches_and_come_back_in_their_order(host: Host) -> None:
    texts = [f"text {number}" for number in range(25)]
    seen: list[tuple[int, int]] = []
    model = host.model("&batch=10&price=2")
    vectors = model.embed(texts, 0, lambda done, total: seen.append((done, total)))
    np.testing.assert_allclose(vectors, [vector(text) for text in texts])
    assert sorted(len(body["input"]) for body, _ in host.asked) == [5, 10, 10]
    assert {(body["model"], key) for body, key in host.asked} == {("small", "Bearer sk-secret")}
    assert seen[-1] == (25, 25)
    assert model.estimate(texts) == Cost(25, 3, 50, 0.0001)
    assert model.used == Cost(25, 3, 75, 0.00015)
    assert str(model.used) == "25 texts embedded in 3 requests: 75 tokens, which cost 0.00015"
    assert Cost(2, 1, 3, 0).before == "about 2 texts in 1 request: 3 tokens"
    assert Cost(2, 1, 3, 123.456).before == "about 2 texts in 1 request: 3 tokens, which cost about 123.5"
    assert str(Cost(2, 1, 3, 0)) == "2 texts embedded in 1 request: 3 tokens"
    assert "sk-secret" not in repr(model)


def test_no_more_requests_at_a_time_than_were_allowed(host: Host) -> None:
    def slow(body: Mapping[str, Any]) -> Reply:
        time.sleep(0.02)
        return good(body)

    host.answer = slow
    host.model("&batch=1&parallel=3").embed([f"t{n}" for n in range(12)])
    assert host.most_at_once == 3


def test_no_more_requests_in_a_minute_than_were_allowed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    host.model("&batch=1&parallel=1&per-minute=60").embed(["a", "b", "c"])
    assert [one for one in slept if one >= 0][-3:] == [0, 1, 2]


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_a_host_that_is_busy_is_asked_again(host: Host, status: int) -> None:
    def answer(body: Mapping[str, Any]) -> Reply:
        return good(body) if len(host.asked) > 2 else (status, {"retry-after": "7"}, b"busy sk-secret")

    host.answer = answer
    assert host.model().embed(["a"]).shape == (1, D)
    host.answer = lambda _: (status, {"retry-after": "7"}, b"busy sk-secret")
    with pytest.raises(ServerError, match=f"answers {status}: busy …") as told:
        host.model().embed(["a"])
    assert (len(host.asked), told.value.status, told.value.retry_after) == (6, status, 7)


def test_it_waits_for_as_long_as_the_host_asks_within_bounds(host: Host) -> None:
    model = host.model()
    assert model._wait_after(ServerError("x", 429, 7)) == 7
    assert model._wait_after(ServerError("x", 429, 9999)) is False
    assert model._wait_after(ServerError("x", 429)) == 10
    assert model._wait_after(ServerError("x", 500)) is True
    assert model._wait_after(UsageError("x")) is False


def test_a_host_that_asks_for_an_hour_is_one_error_at_once(host: Host) -> None:
    host.answer = lambda _: (429, {"retry-after": "3600"}, b"no quota is left")
    with pytest.raises(ServerError, match=r"answers 429: no quota is left .again in 3600 s.") as told:
        host.model().embed(["a"])
    assert (len(host.asked), told.value.retry_after) == (1, 3600)


def test_a_host_may_name_the_time_until_it_wants_to_be_left_alone(host: Host) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    host.answer = lambda _: (503, {"retry-after": until}, b"")
    with pytest.raises(ServerError) as told:
        host.model().embed(["a"])
    assert told.value.retry_after == pytest.approx(7200, abs=60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "pause", "why"),
    [(b" ", 0.05, "was not complete within 1 s"), (b" " * 500_000, 0, "for 1 text does not end")],
)
def test_an_answer_without_end_is_one_error(
    host: Host, monkeypatch: pytest.MonkeyPatch, piece: bytes, pause: float, why: str
) -> None:
    monkeypatch.setattr("vademecum_builder.encoders.http._TIMES", 1)
    host.drips = piece, pause
    with pytest.raises(NetworkError, match=why):
        host.model("&seconds=1").embed(["a"])
    assert len(host.asked) == 1, "what was paid for is not asked for again"


@pytest.mark.parametrize("parallel", [1, 4])
def test_what_came_before_a_host_failed_is_kept_batch_by_batch(host: Host, tmp_path: Path, parallel: int) -> None:
    texts = [f"text {number}" for number in range(60)]

    def answer(body: Mapping[str, Any]) -> Reply:
        return (500, {}, b"") if failing and "text 30" in body["input"] else good(body)

    host.answer, failing = answer, True
    with Workspace(tmp_path / "work.db", create=True) as workspace:
        model = host.model(f"&batch=10&parallel={parallel}")
        with pytest.raises(ServerError):
            KeptModel(model, workspace.vectors).embed(texts, 0)
        failing = False
        vectors = KeptModel(host.model("&batch=10"), workspace.vectors).embed(texts, 0)
    np.testing.assert_allclose(vectors, [vector(text) for text in texts])
    assert model.used.texts >= 30
    well = [text for body, _ in host.asked for text in body["input"] if "text 30" not in body["input"]]
    assert sorted(well) == sorted({*texts} - {f"text {number}" for number in range(30, 40)}), "each of them once"


@pytest.mark.parametrize("key", ["sk-\u00fc", "sk\nsecret", "sk\x7f"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(KEY, key)
    with pytest.raises(UsageError, match=f"{KEY} has characters that no key has") as told:
        HttpModel.parse("https://host/v1#small")
    assert key not in str(told.value)


def test_a_line_end_after_the_key_is_none_of_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-secret\n")
    host.model().embed(["a"])
    assert host.asked[0][1] == "Bearer sk-secret"


@pytest.mark.slow
def test_a_host_that_stalls_or_is_not_there_is_one_error(host: Host) -> None:
    def stalls(body: Mapping[str, Any]) -> Reply:
        time.sleep(1.2)
        return good(body)

    host.answer = stalls
    with pytest.raises(NetworkError, match="no answer") as told:
        host.model("&seconds=1").embed(["a"])
    assert "secret" not in str(told.value)
    with pytest.raises(NetworkError, match="no answer"):
        HttpModel.parse("http://127.0.0.1:1/v1#small").embed(["a"])


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (401, UsageError, f"refuses the key .401.: set {KEY}"),
        (403, UsageError, f"refuses the key .403.: set {KEY}"),
        (400, UsageError, "refuses what it was asked for .400.: no such model"),
        (404, UsageError, "refuses what it was asked for .404.: no such model"),
    ],
)
def test_what_asking_again_does_not_mend_is_not_asked_again(
    host: Host, status: int, error: type[Exception], why: str
) -> None:
    host.answer = lambda _: (status, {}, b"no such model")
    with pytest.raises(error, match=why):
        host.model("&batch=1&parallel=1").embed(["a"] * 50)
    assert len(host.asked) < 10  # what waits is not asked for


def rows(*vectors: object, **more: object) -> bytes:
    return json.dumps({"data": [{"index": n, "embedding": one} for n, one in enumerate(vectors)]} | more).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"<p>login", rows(), rows([1.0]), rows([1.0], [1.0, 2.0]), rows([], []), rows("a", "b"),
        rows([1.0], [float("nan")]), rows([1.0], None), rows([1.0], [1.0], [1.0]), rows([1.0], [1.0], usage=7),
        json.dumps({"data": [{"index": 0, "embedding": [1]}] * 2}).encode(), b"[" * 100_000, rows([1], [10**400]),
        rows([1.0], [1.0]).replace(b"1,", b"1e999,", 1), rows([1.0], [1.0], usage={"total_tokens": float("inf")}),
    ],
)  # fmt: skip
def test_an_answer_that_is_something_else_is_refused(host: Host, data: bytes) -> None:
    host.answer = lambda _: (200, {}, data)
    with pytest.raises(ContentError, match="is not one vector of numbers for each of 2 texts"):
        host.model().embed(["a", "b"])


def test_a_host_that_does_not_count_tokens_is_taken_to_have_read_none(host: Host) -> None:
    host.answer = lambda _: (200, {}, rows([1.0] * D))
    model = host.model()
    model.embed(["a"])
    assert model.used.tokens == 0


def test_vectors_of_other_dimensions_than_before_are_refused(host: Host) -> None:
    model = host.model()
    assert model.dimensions == D
    host.answer = lambda _: (200, {}, rows([1.0, 2.0]))
    with pytest.raises(ContentError, match="vectors of 2 dimensions where it gave 8 before"):
        model.embed(["a"])


@pytest.mark.parametrize(
    "address",
    [
        "", "host/v1#m", "https://host/v1", "https://host/v1#", "ftp://host#m", "https://ann:key@host/v1#m",
        "https://host#m&batch=0", "https://host#m&batch=x", "https://host#m&what=1", "https://host#m&parallel",
        "https://host#m&price=-1", "https://host:99999999/v1#m", "https://[::1/v1#m", "https://a b/v1#m",
        "https://host/\x01#m", "https://host:0/v1#m",
    ],
)  # fmt: skip
def test_an_address_that_names_no_model_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="encoder http:") as told:
        published_name(f"http:{address}")
    assert "ann:key" not in str(told.value)


@pytest.mark.slow
def test_what_a_build_would_cost_is_told_before_and_nobody_is_asked(host: Host, tmp_path: Path) -> None:
    lamps = "".join(json.dumps({"id": n, "text": f"Lamp {n} over the river"}) + "\n" for n in range(30))
    (tmp_path / "a.jsonl").write_text(lamps)
    (tmp_path / "vademecum.toml").write_text(
        f'site = false\n[encoder]\naddress = "{host.url}/v1"\nmodel = "small"\nprice = 1000\nbatch = 10\n'
        '[[source]]\nname = "shop"\nkind = "catalog"\npath = "a.jsonl"\n'
    )
    request = replace(
        read_settings(tmp_path / "vademecum.toml"), workspace=tmp_path / "work.db", keys=tmp_path / "keys"
    )
    new_keys(tmp_path / "keys", now=datetime.now(UTC))
    before = {path.name for path in tmp_path.iterdir()}
    plan = plan_build(request)
    assert (plan.documents, plan.added, plan.embedded, host.asked) == (30, 30, 30, [])
    assert {path.name for path in tmp_path.iterdir()} == before
    report = build(request)
    asked = sum(len(body["input"]) for body, _ in host.asked)
    assert plan.cost is not None and plan.cost.texts == asked - len(PROBES) and plan.cost.price > 0
    assert f"{asked} texts embedded" in "".join(report.notices)
    assert plan_build(request).cost is None
    (tmp_path / "a.jsonl").write_text(lamps.replace("Lamp 7 ", "Lantern 7 "))
    host.asked.clear()
    plan = plan_build(request)
    assert (plan.modified, plan.cost and plan.cost.texts, host.asked) == (1, 1, [])
    # What is kept from before is not paid for again.
    again = plan_build(replace(request, refit=True))
    assert again.cost is not None and again.cost.texts < 5


@pytest.mark.slow
def test_a_build_embeds_what_is_new_and_the_release_names_no_host(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for name in ("heron", "otter", "pump", "valve"):
        (tmp_path / f"docs/{name}.md").write_text(f"# The {name}\n\nThis page tells about a {name} at the river.\n")
    request = BuildRequest(
        source=tmp_path / "docs", out=tmp_path / "site", encoder=f"http:{host.url}/v1#small", site=False
    )
    report = build(replace(request, encoder=f"{request.encoder}&price=1000"))
    asked = sum(len(body["input"]) for body, _ in host.asked)
    assert report.embedded == 4
    assert asked < 4 + len(PROBES) + 100  # words of these texts, and not those of the language
    told = f"{asked} texts embedded in {len(host.asked)} requests: {3 * asked} tokens"
    assert f"{told}, which cost {3 * asked / 1000:.4g}" in report.notices
    cost = {"texts": asked, "requests": len(host.asked), "tokens": 3 * asked, "price": 3 * asked / 1000}
    assert report.json()["cost"] == pytest.approx(cost)
    before = len(host.asked)
    unchanged = build(request)
    assert not unchanged.changed and unchanged.cost is None
    assert len(host.asked) == before
    (tmp_path / "docs/new.md").write_text("# News\n\nAn owl was seen.\n")
    assert build(request).embedded == 1
    assert [body["input"] for body, _ in host.asked[before:]] == [["News\nAn owl was seen."]]
    version = json.loads((tmp_path / "site/version.json").read_text())
    assert version["embeddingModel"] == "http:small"
    assert not any(
        str(host.url).encode() in file.read_bytes() for file in (tmp_path / "site").rglob("*") if file.is_file()
    )
    with KnowledgeBase.open(tmp_path / "kb.db", url=str(tmp_path / "site")) as kb:
        kb.sync()
        assert kb.search("otter", mode="semantic")[0].document == "otter.md"
    with pytest.raises(UsageError, match="encoder http:"):
        build(BuildRequest(source=tmp_path / "docs", out=tmp_path / "site", site=False))
    assert NamedEncoders("builtin").fit(["a text"]).encoder.name == "builtin"


@pytest.mark.slow
def test_a_build_of_a_folder_goes_on_after_what_came_before_the_host_failed(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "docs").mkdir()
    for name in ("heron", "otter", "pump", "valve"):
        (tmp_path / f"docs/{name}.md").write_text(f"# The {name}\n\nThis page tells about a {name} at the river.\n")
    address = f"http:{host.url}/v1#small&batch=1&parallel=1"
    request = BuildRequest(source=tmp_path / "docs", out=tmp_path / "site", encoder=address, site=False)
    request = replace(request, workspace=of_build(request, tmp_path / "vademecum.toml"))
    came: list[str] = []

    def answer(body: Mapping[str, Any]) -> Reply:
        if failing and len(came) == 5:
            return 400, {}, b"too much"
        came.extend(body["input"])
        return good(body)

    host.answer, failing = answer, True
    with pytest.raises(UsageError, match="too much"):
        build(request)
    failing = False
    build(request)
    assert len(came) == len(set(came)) > 5, "nothing was asked for twice"
    monkeypatch.setenv("CI", "true")
    assert of_build(request, tmp_path / "elsewhere/vademecum.toml") is None, "it would be lost"
