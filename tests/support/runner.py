"""GitHub's runner, as far as our workflow needs it: jobs in order, each on a fresh machine, with the runner's shell.

The workflow and the action are read as they lie in the repository, cloned anew for each job. In place of the actions of
GitHub stands what they do: a clone, a folder handed on, a site put where it is served. What is not known here fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.expressions import evaluate, fill, shown
from support.forked import put_vade

SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], None: ["bash", "-e"]}
"""How GitHub runs a step: with the shell that is named, or with none."""


@dataclass
class Job:
    """What became of a job: `success`, `failure` or `skipped`; what it set, said and summarised."""

    result: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass
class Run:
    """What became of a run of the workflow, by job."""

    jobs: dict[str, Job]
    _running: _Running = field(repr=False)

    def again(self) -> Run:
        """Run the jobs that have failed again, as it was built then."""
        return self._running.all(again=True)

    @property
    def is_green(self) -> bool:
        return all(job.result != "failure" for job in self.jobs.values())

    @property
    def log(self) -> str:
        return "\n".join(f"== {name}: {job.result}\n{job.log}" for name, job in self.jobs.items())

    @property
    def summary(self) -> str:
        return "".join(job.summary for job in self.jobs.values())


class Runner:
    """Runs a repository's workflow.

    Attributes:
        repository: A git repository; what is committed there is cloned.
        site: What GitHub Pages serves.
        secrets: Of the environment `github-pages`.
        environ: What the machines have besides.
        pages: Whether GitHub Pages takes what is deployed.
        calls: Of `gh` and `pip`, one line each.
        programs: The folder of `vade`, and of what stands for them.
    """

    def __init__(self, repository: Path, site: Path, folder: Path, workflow: str) -> None:
        self.repository, self.site, self.folder, self.workflow = repository, site, folder, workflow
        self.secrets: dict[str, str] = {}
        self.environ: dict[str, str] = {}
        self.pages = True
        self._groups: dict[str, threading.Lock] = {}
        self._runs = 0
        self._lock = threading.Lock()
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        put_vade(self.programs)
        for name in ("gh", "pip"):
            (self.programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder / "calls"}"\n')
            (self.programs / name).chmod(0o700)

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def run(self, event: str, inputs: Mapping[str, Any] | None = None, sha: str = "HEAD", **told: Any) -> Run:
        """Run the workflow on an event; `told` goes into `github.event`. A run waits for others of its group.

        Args:
            sha: The commit that it is of; an older one: that run is started again.
        """
        text = (self.repository / self.workflow).read_text()
        workflow: dict[Any, Any] = yaml.safe_load(text)
        on: Mapping[str, Any] = workflow[True]  # YAML 1.1 reads `on` so
        assert event in on, f"the workflow does not run on {event}"
        known = (on[event] or {}).get("inputs", {}) if event == "workflow_dispatch" else {}
        given = {name: told_.get("default", "") for name, told_ in known.items()} | dict(inputs or {})
        assert given.keys() == known.keys()
        assert all(given[name] in each["options"] for name, each in known.items() if "options" in each)
        with self._lock:
            self._runs += 1
            number = self._runs
        github = {
            "event_name": event,
            "event": told,
            "ref": "refs/heads/main",
            "sha": sha,
            "repository": "Acme/Handbook",
            "server_url": "https://github.com",
            "run_id": number,
            "token": "ghs-token",
        }
        contexts = {"github": github, "inputs": given, "runner": {"os": "Linux"}}
        with self._waiting(workflow["concurrency"], contexts):
            return _Running(self, workflow, contexts, self.folder / f"run-{number}").all()

    @contextmanager
    def _waiting(self, concurrency: Mapping[str, Any], contexts: Mapping[str, Any]) -> Iterator[None]:
        group = fill(concurrency["group"], contexts)
        cancels = fill(str(concurrency["cancel-in-progress"]), contexts)
        assert cancels == shown(contexts["github"]["event_name"] == "pull_request")
        with self._lock:
            lock = self._groups.setdefault(group, threading.Lock())
        with lock:
            yield


class _Running:
    def __init__(self, runner: Runner, workflow: Mapping[str, Any], contexts: Mapping[str, Any], folder: Path) -> None:
        self.runner, self.workflow, self.contexts, self.folder = runner, workflow, contexts, folder
        self.artifacts = folder / "artifacts"
        self.jobs: dict[str, Job] = {}

    def all(self, *, again: bool = False) -> Run:
        """Do all jobs; `again`: those that have failed, and those that waited for them."""
        for name, job in self.workflow["jobs"].items():
            if again and self.jobs[name].result == "success":
                continue
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            assert set(needed) <= self.jobs.keys(), f"{name} needs what comes later"
            needs = {each: {"outputs": self.jobs[each].outputs, "result": self.jobs[each].result} for each in needed}
            self.jobs[name] = Job()
            contexts = {**self.contexts, "needs": needs, "secrets": self._secrets(job)}
            if any(self.jobs[each].result != "success" for each in needed):
                continue
            if "if" not in job or evaluate(job["if"], contexts):
                self._job(name, job, contexts, f"{name}-again" if again else name)
        return Run(dict(self.jobs), self)

    def _secrets(self, job: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the secrets that a job can read: those of the environment that it names."""
        environment = job.get("environment")
        named = environment["name"] if isinstance(environment, dict) else environment
        return self.runner.secrets if named == "github-pages" else {}

    def _job(self, name: str, job: Mapping[str, Any], contexts: Mapping[str, Any], folder: str) -> None:
        machine = _Machine(self, self.jobs[name], job, self.folder / folder, contexts)
        ended = machine.steps(job["steps"], self.workflow["defaults"]["run"]["shell"])
        told = job.get("outputs", {})
        self.jobs[name].outputs = {output: fill(value, machine.contexts) for output, value in told.items()}
        self.jobs[name].result = "success" if ended else "failure"


class _Machine:
    """A fresh machine: a home, a workspace, nothing of the developer's environment."""

    def __init__(
        self, run: _Running, job: Job, told: Mapping[str, Any], folder: Path, contexts: Mapping[str, Any]
    ) -> None:
        self.run, self.job, self.permissions = run, job, told["permissions"]
        self.work, self.home = folder / "work", folder / "home"
        for place in (self.work, self.home):
            place.mkdir(parents=True)
        self.contexts: dict[str, Any] = {**contexts, "steps": {}}
        self._count = 0

    def steps(self, steps: list[dict[str, Any]], shell: str | None, **inside: Any) -> bool:
        """Do one step after the other; return whether all have gone well."""
        for step in steps:
            condition = step.get("if")
            if condition is not None and not evaluate(condition, self.contexts):
                continue
            self.job.log += f"-- {step.get('name') or step.get('id') or step.get('uses') or 'run'}\n"
            outputs, ended = self._step(step, shell, **inside)
            if "id" in step:
                self.contexts["steps"][step["id"]] = {"outputs": outputs}
            if not ended and not step.get("continue-on-error"):
                return False
        return True

    def _step(
        self, step: Mapping[str, Any], shell: str | None, action: Path | None = None
    ) -> tuple[dict[str, str], bool]:
        with_ = {name: self._filled(value) for name, value in step.get("with", {}).items()}
        if "run" in step:
            named = step["shell"] if action else step.get("shell", shell)
            environ = {name: self._filled(value) for name, value in step.get("env", {}).items()}
            return self._shell(step["run"], SHELLS[named], environ, action)
        used = str(step["uses"])
        if used.startswith("$/"):
            return self._composite(self.work / used.removeprefix("$/"), with_)
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used
        does = getattr(self, f"_{used.partition('@')[0].replace('/', '_').replace('-', '_')}")
        done: tuple[dict[str, str], bool] = does(**_words(with_))
        return done

    def _filled(self, value: object) -> str:
        return fill(shown(value), self.contexts, {"hashFiles": lambda *_: "0"})

    def _shell(
        self, script: str, shell: list[str], environ: Mapping[str, str], action: Path | None
    ) -> tuple[dict[str, str], bool]:
        self._count += 1
        files = {name: self.home / f"{name}-{self._count}" for name in ("script", "output", "summary")}
        for file in files.values():
            file.write_text("")
        files["script"].write_text(script)
        github = {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_WORKSPACE": str(self.work),
            "GITHUB_REPOSITORY": self.contexts["github"]["repository"],
            "GITHUB_EVENT_NAME": self.contexts["github"]["event_name"],
            "GITHUB_ACTION_PATH": str(action or ""),
            "HOME": str(self.home),
            "PATH": f"{self.run.runner.programs}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            [*shell, str(files["script"])],
            cwd=self.work,
            env={**github, **self.run.runner.environ, **environ},
            capture_output=True,
            text=True,
        )
        self.job.log += done.stdout + done.stderr
        self.job.summary += files["summary"].read_text()
        outputs = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n?^\2\n", files["output"].read_text(), re.DOTALL | re.MULTILINE)
        lines = re.findall(r"^([\w-]+)=(.*)\n", files["output"].read_text(), re.MULTILINE)
        return dict(lines) | {name: value for name, _, value in outputs}, done.returncode == 0

    def _composite(self, folder: Path, with_: Mapping[str, str]) -> tuple[dict[str, str], bool]:
        action = yaml.safe_load((folder / "action.yml").read_text())
        assert with_.keys() <= action["inputs"].keys()
        inputs = {name: told.get("default", "") for name, told in action["inputs"].items()} | dict(with_)
        outside = self.contexts
        self.contexts = {**outside, "inputs": inputs, "steps": {}, "secrets": {}}
        try:
            ended = self.steps(action["runs"]["steps"], None, action=folder)
            return {name: self._filled(told["value"]) for name, told in action["outputs"].items()}, ended
        finally:
            self.contexts = outside

    # What GitHub's actions do --------------------------------------------------------------------

    def _actions_checkout(self, persist_credentials: str, ref: str = "") -> tuple[dict[str, str], bool]:
        assert persist_credentials == "false" and self.permissions["contents"] == "read"
        source = self.run.runner.repository.as_uri()
        subprocess.run(["git", "clone", "-q", "--depth=1", source, str(self.work)], check=True)
        wanted = ref or self.contexts["github"]["sha"]
        for command in (["fetch", "-q", "--depth=1", "origin", wanted], ["checkout", "-q", "FETCH_HEAD"]):
            subprocess.run(["git", *command], cwd=self.work, check=True)
        return {}, True

    def _actions_setup_python(self, python_version: str) -> tuple[dict[str, str], bool]:
        assert python_version
        return {}, True

    def _actions_cache(self, path: str, key: str, restore_keys: str) -> tuple[dict[str, str], bool]:
        assert path and key.startswith(restore_keys)
        return {}, True

    def _actions_upload_artifact(
        self, name: str, path: str, if_no_files_found: str = "warn"
    ) -> tuple[dict[str, str], bool]:
        if (self.work / path).exists():
            shutil.copytree(self.work / path, self.run.artifacts / name)
        return {}, (self.work / path).exists() or if_no_files_found != "error"

    def _actions_download_artifact(self, name: str, path: str) -> tuple[dict[str, str], bool]:
        found = (self.run.artifacts / name).exists()
        if found:
            shutil.copytree(self.run.artifacts / name, self.work / path)
        return {}, found

    def _actions_upload_pages_artifact(self, path: str) -> tuple[dict[str, str], bool]:
        return self._actions_upload_artifact("github-pages", path, "error")

    def _actions_deploy_pages(self) -> tuple[dict[str, str], bool]:
        assert self.permissions == {"pages": "write", "id-token": "write"}
        if not self.run.runner.pages:
            return {}, False
        site = self.run.runner.site
        before, fresh = site.with_name(f"{site.name}.before"), site.with_name(f"{site.name}.fresh")
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(self.run.artifacts / "github-pages", fresh)
        site.rename(before)  # all of it at once, as Pages does
        fresh.rename(site)
        return {"page_url": "https://acme.github.io/Handbook/"}, True


def _words(with_: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in with_.items()}
