"""As a new publisher: a repository with documents is live in five steps, each done as `vade init` prints it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
import yaml

from support.pages_host import PagesHost
from support.repositories import commit, git, repository
from support.runner import Runner
from vademecum_builder.cache import default_cache
from vademecum_builder.cli.main import main
from vademecum_builder.scaffold.files import WORKFLOW_FILE

GH = """#!/bin/sh
case "$1 $2" in
"secret set") [ "$4 $5" = "--env github-pages" ] && cat > "$PLACE/secret";;
"secret list") echo '[{"name": "VADEMECUM_SIGNING_KEY"}]';;
"api -X") echo "$4" >> "$PLACE/calls";;
*) echo workflow;;
esac
"""


@pytest.mark.slow
@pytest.mark.process
def test_the_recipe_for_gitlab_pages(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its job, twice, each time in a fresh clone: a deploy replaces the site, also where nothing has changed."""
    page = (Path(__file__).parents[2] / "site/content/hosts.md").read_text(encoding="utf-8")
    job = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])["pages"]
    installs, *script = job["script"]
    assert installs.startswith("pip install") and job["artifacts"] == {"paths": ["public"]}
    for name in ("site", "repository"):
        (place / name).mkdir()
    monkeypatch.chdir(place / "repository")
    repository({"docs/lanterns.md": "# Lanterns\n\nTrim the wick each week.\n"}, "https://gitlab.com/acme/b.git")
    with PagesHost(place / "site") as host:
        assert main(["init", "--yes", "--address", host.url, "-q"]) == 0
        said = Path("vademecum.toml").read_text(encoding="utf-8")
        said = said.replace('out = "knowledge-base"', 'out = "public"\nwhole = true')
        Path("vademecum.toml").write_text(said, encoding="utf-8")
        commit()
        secret = Path(".vademecum/keys/release.pem").read_text(encoding="utf-8")
        runner = Runner(Path.cwd(), place / "site", place / "runs", WORKFLOW_FILE)
        environ = {**os.environ, "PATH": f"{runner.programs}{os.pathsep}{os.environ['PATH']}"}
        environ |= {"CI": "true", "VADEMECUM_SIGNING_KEY": secret, "VADEMECUM_CACHE": str(default_cache())}
        for number in range(2):
            clone = place / f"clone-{number}"
            subprocess.run(["git", "clone", "-q", Path.cwd().as_uri(), str(clone)], check=True)
            subprocess.run(["sh", "-ec", "\n".join(script)], cwd=clone, env=environ, check=True)
            shutil.rmtree(place / "site")
            (clone / "public").rename(place / "site")
            store = str(place / "kb.db")
            capsys.readouterr()
            assert main(["pull", host.url, "--store", store, "--trust", "root.json", "--json"]) == 0
            told = json.loads(capsys.readouterr().out)
            assert (told["plan"], told["to"] > 0) == (["full", "none"][number], True)
        assert (place / "site/index.html").is_file()


def test_from_nothing_to_a_live_page_in_five_steps(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: None)  # as it comes from an index
    for name in ("site", "bin", "repository"):
        (place / name).mkdir()
    (place / "bin" / "gh").write_text(GH)
    (place / "bin" / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PLACE", str(place))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "x@example.org")
    monkeypatch.chdir(place / "repository")
    repository({"docs/lanterns.md": "# Lanterns\n\n## Wicks\n\nTrim the wick each week.\n"})
    subprocess.run(["git", "init", "-q", "--bare", str(place / "github")], check=True)
    git("config", f"url.{(place / 'github').as_uri()}.pushInsteadOf", "https://github.com/Acme/Handbook.git")

    with PagesHost(place / "site") as host:
        # The first step prints the others.
        assert main(["init", "--yes", "--address", host.url, "--json"]) == 0
        steps = json.loads(capsys.readouterr().out)["steps"]
        assert len(steps) == 4
        for step in steps:
            if step["command"]:
                done = subprocess.run(["bash", "-ec", step["command"]], capture_output=True, text=True)
                assert done.returncode == 0, done.stderr
        Path(".vademecum/keys/root.pem").rename(place / "root.pem")  # as the sentence says

        assert (place / "calls").read_text().split() == [
            "repos/Acme/Handbook/pages",
            "repos/Acme/Handbook/environments/github-pages",
        ]
        published = subprocess.run(
            ["git", "-C", str(place / "github"), "ls-tree", "-r", "--name-only", "main"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert WORKFLOW_FILE in published and "root.json" in published and ".pem" not in published
        runner = Runner(Path.cwd(), place / "site", place / "runs", WORKFLOW_FILE)
        runner.secrets["VADEMECUM_SIGNING_KEY"] = (place / "secret").read_text()
        runner.environ["VADEMECUM_CACHE"] = str(default_cache())
        run = runner.run("push")
        assert run.is_green, run.log
        assert run.summary.count("a new user:") == 1  # nobody has a release before this one

        assert (place / "site" / "index.html").is_file()
        assert main(["pull", host.url, "--store", str(place / "kb.db"), "--trust", "root.json", "-q"]) == 0
        capsys.readouterr()
        assert main(["search", "trim the wick", "--store", str(place / "kb.db"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["hits"][0]["document"] == "lanterns.md"
        code = main(["init", "--check"])
        assert code == 0, capsys.readouterr().out
