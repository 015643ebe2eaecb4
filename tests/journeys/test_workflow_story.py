"""The workflow that `vade init` writes, run as GitHub's runner would: a story of commits, and clients that follow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.expressions import evaluate
from support.pages_host import PagesHost
from support.publishing import read
from support.runner import Run
from support.story import SUBJECTS, Story, keep_log, lose, page_of, poison, rotate, served
from vademecum.errors import SignatureError
from vademecum.runtime.folder import FolderTransport


@pytest.fixture
def story(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    for name in ("site", "repository"):
        (place / name).mkdir()
    monkeypatch.chdir(place / "repository")
    with PagesHost(place / "site") as host:
        yield Story(place, host, datetime.now(UTC).replace(microsecond=0) - timedelta(days=80))


@pytest.mark.long
@pytest.mark.fault("D50")
@pytest.mark.fault("E65")
@pytest.mark.fault("E52")
def test_a_story_of_commits_ends_on_the_right_release_for_everybody(story: Story) -> None:
    now, back, trust = story.client("now"), story.client("back"), story.client("new").trust

    def follow() -> int:
        assert now.follow(story.now) == "" and now.shown(story.now).keys() == story.documents(), story.told
        return now.downloads[-1][0]

    run = story.push("first publish")
    assert [job.result for job in run.jobs.values()] == ["success"] * 3 + ["skipped"] * 2, run.log
    assert "nothing is published at" in run.log and "### vade build: release" in run.summary
    first, oldest = follow(), story.git("rev-parse", "HEAD")
    assert back.follow(story.now) == "", "and is offline from now on"

    story.write("docs/pumps.md", page_of("pumps", "Oil them."))
    run = story.push("edit")
    assert run.is_green and f"a user of release {first}: direct" in run.log, "the probe has updated"
    assert follow() == first + 1
    before = served(story)
    again = story.told_of("the first run again", story.runner.run("push", sha=oldest))
    assert "nothing changed" in again.summary and served(story) == before, again.log

    story.write("docs/picture.svg", "<svg/>")
    before = served(story)
    run = story.push("no change")
    assert [job.result for job in run.jobs.values()] == ["success"] + ["skipped"] * 4
    assert "nothing changed" in run.summary and served(story) == before
    assert follow() == first + 1

    story.write("docs/pumps.md", page_of("pumps", "Oil them well."))
    story.runner.pages = False
    failed = story.push("GitHub Pages is down")
    assert failed.jobs["deploy"].result == "failure" and follow() == first + 1
    story.runner.pages = True
    failed = failed.again()
    assert failed.is_green and follow() == first + 2
    story.runner.pages = False
    story.write("docs/pumps.md", page_of("pumps", "Oil them, and well."))
    failed = story.push("down again")
    story.runner.pages = True
    story.write("docs/pumps.md", page_of("pumps", "Oil them, and well, and soon."))
    assert story.push("up again").is_green and follow() == first + 3
    before = served(story)
    failed = failed.again()
    assert failed.jobs["deploy"].result == "failure" and served(story) == before, failed.log
    assert "do not run this one again" in failed.log
    story.write("docs/pumps.md", page_of("pumps", "Oil them today."))
    late = story.push("served, but told as failed")
    late.jobs["deploy"].result = "failure"
    assert late.again().is_green and follow() == first + 4
    first += 3

    (story.repository / "docs/anchors.md").unlink()
    assert "| removed | 1 |" in story.push("delete").summary
    follow()
    (story.repository / "docs/ropes.md").rename(story.repository / "docs/rigging.md")
    assert "| chunks embedded | 0 of" in story.push("rename").summary
    follow()

    story.write("docs/broken.md", "---\ntitle: [\n---\n# Broken\n\nA page with broken front matter.\n")
    run = story.push("a bad page")
    assert run.is_green and "::warning file=docs/broken.md,line=" in run.log
    good, before = follow(), served(story)

    def refused(message: str, *said: str) -> None:
        run = story.push(message)
        assert [job.result for job in run.jobs.values()] == ["failure"] + ["skipped"] * 4, run.log
        for words in said:
            assert words in run.summary, run.summary
        assert "::error " in run.log and served(story) == before
        assert follow_still() == good

    def follow_still() -> int:
        assert now.follow(story.now) == ""
        return now.downloads[-1][0]

    settings = (story.repository / "vademecum.toml").read_text()
    story.write("vademecum.toml", settings.replace("title", "titel"))
    refused("a bad commit", "vademecum.toml, line 2: titel: no such key; did you mean title?")
    story.write("vademecum.toml", settings)
    kept = {name: (story.repository / "docs" / name).read_text() for name in sorted(story.documents())[2:]}
    for name in kept:
        (story.repository / "docs" / name).unlink()
    refused("a failed build", "2 documents, and the release before has 6", "--allow-shrink")
    for name, text in kept.items():
        story.write(f"docs/{name}", text)
    secret, story.runner.secrets = story.runner.secrets, {}
    refused("no secret", "is set, but empty", "gh secret set VADEMECUM_SIGNING_KEY")
    story.runner.secrets = secret
    story.write("docs/broken.md", page_of("mending"))
    assert story.push("mended").is_green
    good = follow()

    lose(story)
    story.later(days=2)
    story.write("docs/pumps.md", page_of("pumps", "Grease them."))
    assert story.push("a lost host").is_green
    assert follow() > good

    rotate(story)
    story.write("docs/valves.md", page_of("valves", "Open them."))
    assert story.push("key rotation").is_green
    good = follow()

    def decide(command: str, **inputs: str) -> int:
        run = story.by_hand(command, **inputs)
        assert run.is_green and f"### vade {command}: release" in run.summary, run.log
        assert now.follow(story.now) == ""
        return now.downloads[-1][0]

    story.write("docs/valves.md", page_of("valves", "Close them, all of them."))
    assert story.push("a page that nobody likes").is_green
    bad = follow()
    assert decide("rollback", release=str(good)) == bad + 1, "older content under a higher number"
    assert now.shown(story.now)["valves.md"] == ["What there is to know about valves. Open them."]
    story.write("docs/valves.md", page_of("valves", "Open them."))
    assert story.push("and its source").jobs["deploy"].result == "skipped", "it is so already"
    run = story.by_hand("yank", release=str(bad))
    assert run.is_green and served(story) and f"Taken back: {bad}" in run.summary, run.log
    assert decide("resign") == bad + 1

    settings = (story.repository / "vademecum.toml").read_text()
    story.write("vademecum.toml", settings.replace('channel = "stable"', 'channel = "beta"'))
    story.write("docs/levers.md", page_of("levers", "Pull them."))
    assert story.push("a candidate").is_green, "the probe is of the channel"
    assert decide("rollout", release=str(bad + 2), share="0") == bad + 1, "nobody's yet"
    assert decide("rollout", release=str(bad + 2), share="100%") == bad + 2, "everybody's"
    assert decide("promote", release=str(bad + 2)) == bad + 2
    story.write("vademecum.toml", settings)
    story.push("back to stable")
    good = follow()

    story.write("vademecum.toml", f"{settings}\n[approval]\nalways = true\n")
    story.write("docs/levers.md", page_of("levers", "Pull them twice."))
    run = story.push("what waits for approval")
    assert run.is_green and now.follow(story.now) == "" and now.downloads[-1][0] == good, run.log
    assert decide("promote", release=str(good + 1)) == good + 1
    story.write("vademecum.toml", settings)
    good = follow()

    story.later(days=1)
    poison(story)
    assert now.follow(story.now) == "" and "0.md" in now.shown(story.now), "whoever has the key is believed"
    story.later(days=1)
    rotate(story)
    assert story.push("a stolen key").is_green
    assert follow() > good + 1

    story.later(days=31)
    assert now.follow(story.now) == "expired" and now.shown(story.now).keys() == story.documents()
    good = now.downloads[-1][0]
    run = story.told_of("a late schedule", story.runner.run("schedule"))
    assert run.is_green and "signed again" in run.summary, run.log
    assert follow() == good, "no new release"

    def push(subject: str) -> None:
        story.write(f"docs/{subject}.md", page_of(subject))
        story.commit(subject)
        runs.append(threading.Thread(target=lambda: ended.append(story.runner.run("push"))))
        runs[-1].start()

    runs: list[threading.Thread] = []
    ended: list[Run] = []
    for subject in ("tides", "winds"):
        push(subject)
    for thread in runs:
        thread.join()
    assert len(ended) == 2 and all(run.is_green for run in ended), "one waits for the other"
    assert good < follow() <= good + 2

    new = story.client("new")
    assert new.trust != trust
    for client in (back, new):
        assert client.follow(story.now) == "" and client.downloads[-1][0] == now.downloads[-1][0]
        assert client.shown(story.now) == now.shown(story.now)
    for name, client in {"now": now, "back": back, "new": new}.items():
        story.told += [f"{name}: release {r}, {n} requests, {b} bytes" for r, n, b in client.downloads]
    keep_log(story, "cpython")


def test_a_pull_request_gets_a_preview_and_a_comment_and_no_key(story: Story) -> None:
    story.push("first publish")
    before = served(story)
    story.write("docs/tides.md", page_of("tides"))
    story.write("docs/pumps.md", page_of("pumps", "Oil them."))
    (story.repository / "docs/ropes.md").unlink()
    story.commit("a pull request")
    head = {"repo": {"full_name": "Acme/Handbook"}}
    story.runner.secrets = {}
    run = story.runner.run("pull_request", pull_request={"number": 7, "head": head})
    assert {name: job.result for name, job in run.jobs.items() if job.result != "skipped"} == {
        "preview": "success",
        "comment": "success",
    }, run.log
    assert "added: tides.md\nmodified: pumps.md\nremoved: ropes.md" in run.summary
    [comment] = [call for call in story.runner.calls if call.startswith("gh ")]
    assert comment.startswith(
        "gh pr comment 7 --edit-last --body Knowledge base, documents: 1 added, 1 modified, 1 removed."
    )
    assert served(story) == before
    [preview] = (story.folder / "runs").glob("run-2/artifacts/preview")
    assert read(FolderTransport(preview), None, story.now).manifest.documents == len(SUBJECTS)
    with pytest.raises(SignatureError):
        read(FolderTransport(preview), (story.repository / "root.json").read_bytes(), story.now)
    fork = {"repo": {"full_name": "Somebody/Handbook"}}
    run = story.runner.run("pull_request", pull_request={"number": 8, "head": fork})
    assert (run.jobs["preview"].result, run.jobs["comment"].result) == ("success", "skipped")
    assert len([call for call in story.runner.calls if call.startswith("gh ")]) == 1


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event_name != 'pull_request'", True),
        ("inputs.command || 'build'", "build"),
        ("github.event.pull_request.number || 'publish'", "publish"),
        ("a.b == 'X' && a.b != ''", True),
        ("!(a.b == 'y') && true", True),
    ],
)
def test_an_expression(expression: str, value: object) -> None:
    contexts = {"github": {"event_name": "push", "event": {}}, "inputs": {}, "a": {"b": "x"}}
    assert evaluate(expression, contexts) == value


@pytest.mark.parametrize("expression", ["secrets.KEY", "contains('a', 'b')", "1 < 2", "a b", "github.x +"])
def test_an_expression_that_nothing_here_knows(expression: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        evaluate(expression, {"github": {}, "a": {}})
