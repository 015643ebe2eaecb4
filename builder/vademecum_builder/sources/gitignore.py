"""Which files git would ignore: `.gitignore` files, nested ones too, read as git reads them.

The rules are those of https://git-scm.com/docs/gitignore. Global and per-clone exclude files are not read: they would
make the result depend on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from pathspec import GitIgnoreSpec

from vademecum.errors import UsageError

_SUBMODULE = re.compile(r'^\s*path\s*=\s*"?(.+?)"?\s*$', re.MULTILINE)
_ANY_NAME = "vademecum"
"""Of a file that is not there: what ignores it ignores whatever may lie beside it."""
_EVERYTHING_INSIDE = re.compile(r"/\*\*(?=/?\s*$)")


@dataclass(frozen=True)
class GitIgnore:
    """The rules in force in one folder.

    Attributes:
        prefix: The prefix of every key: the path of the source in its repository.
        rules: A spec for each `.gitignore`, outermost first, and the length of the path of its folder.
    """

    prefix: str = ""
    rules: tuple[tuple[int, GitIgnoreSpec], ...] = ()

    def ignores(self, key: str) -> bool:
        """Return whether an entry is ignored, given that its parents are not. A folder's key ends in `/`."""
        path = self.prefix + key
        verdicts = (spec.check_file(path[start:]).include for start, spec in reversed(self.rules))
        return next((verdict for verdict in verdicts if verdict is not None), False)

    def inside(self, folder: Path, key: str) -> GitIgnore:
        """Return the rules in force inside `folder`, whose key is `key` (ends in `/`; empty: the root).

        Raises:
            UsageError: Its `.gitignore` cannot be read: what it hides must not be published by mistake.
        """
        spec = _read(folder / ".gitignore")
        return self if spec is None else replace(self, rules=(*self.rules, (len(self.prefix + key), spec)))


def repository_of(root: Path) -> Path | None:
    """Return the git repository that an absolute path lies in, if any."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


@dataclass(frozen=True)
class Surroundings:
    """What may be read through links and includes, which lead anywhere in a folder and the git repository around it.

    Attributes:
        root: The folder, an absolute path without links. So are the paths in its methods.
    """

    root: Path
    _rules: dict[Path, GitIgnore | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def top(self) -> Path:
        """The git repository around the folder, else the folder."""
        return repository_of(self.root) or self.root

    @cached_property
    def submodules(self) -> frozenset[Path]:
        """The places of submodules, as listed by the git repository around the folder."""
        named = self.top / ".gitmodules"
        if not ((self.top / ".git").exists() and named.is_file()):
            return frozenset()
        text = named.read_text("utf-8", "surrogateescape")
        return frozenset(self.top / path for path in _SUBMODULE.findall(text))

    @cached_property
    def enclosing(self) -> GitIgnore:
        """The rules for the folder from the git repository around it.

        If they ignore the folder itself, or everything in it (`dist/*`, no exception), they do not count for its
        content: the user named it all the same.

        Raises:
            UsageError: One of the `.gitignore` files cannot be read.
        """
        if self.root == self.top:
            return GitIgnore()
        outside, key = self._inside(self.root.parent), self._key(self.root)
        if outside is None or outside.ignores(key):
            return GitIgnore()
        everything = outside.ignores(f"{key}{_ANY_NAME}")
        is_ignored = everything and all(outside.ignores(self._key(path)) for path in self.root.glob("[!.]*"))
        return GitIgnore() if is_ignored else replace(outside, prefix=key)

    def holds(self, path: Path) -> bool:
        """Return whether a path is in the folder, or in the repository and not hidden there."""
        if path.is_relative_to(self.root):
            return True
        return path.is_relative_to(self.top) and not any(p.startswith(".") for p in path.relative_to(self.top).parts)

    def ignores(self, path: Path) -> bool:
        """Return whether git ignores a path or a folder around it. Raise UsageError: a `.gitignore` cannot be read."""
        if path in (self.root, self.top):
            return False
        rules = self._inside(path.parent)
        return rules is None or rules.ignores(self._key(path))

    def _inside(self, folder: Path) -> GitIgnore | None:
        """Return the rules in force inside a folder, for keys from the top on; None: the folder is ignored."""
        if folder not in self._rules:
            key = self._key(folder)
            if folder == self.root:
                above: GitIgnore | None = replace(self.enclosing, prefix="")
            else:
                above = GitIgnore() if folder == self.top else self._inside(folder.parent)
                above = None if above is None or (key and above.ignores(key)) else above
            self._rules[folder] = above and above.inside(folder, key)
        return self._rules[folder]

    def _key(self, path: Path) -> str:
        key = path.relative_to(self.top).as_posix()
        return "" if key == "." else f"{key}/" if path.is_dir() else key


def _read(path: Path) -> GitIgnoreSpec | None:
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); make it readable or delete it") from None
    # To git, `dir/**` means everything inside; to pathspec, the folder too. `dir/*` means the same to both.
    lines = [_EVERYTHING_INSIDE.sub("/*", line) for line in text.splitlines()]
    return spec_of(lines)


def spec_of(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Return the spec of git-style patterns; a malformed one matches nothing."""
    return GitIgnoreSpec(rule for spec in map(_read_line, patterns) if spec for rule in spec.patterns)


def _read_line(line: str) -> GitIgnoreSpec | None:
    """Return the pattern in a line; None: it is malformed, and to git such a pattern never matches."""
    with suppress(ValueError):
        return GitIgnoreSpec.from_lines([line])
    return None


@dataclass(frozen=True)
class Selection:
    """What the user asked for: git-style patterns, of which the last match decides.

    With at least one including pattern, only what such patterns match is taken; with only excluding patterns
    (`!drafts/`), everything else.
    """

    # A spec for each pattern: in one common spec a pattern for files would outrank a later one for folders, as git
    # wants it for ignoring, and `*.md`, `!drafts/` would take the drafts.
    specs: tuple[GitIgnoreSpec, ...]
    otherwise: bool
    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, patterns: Sequence[str]) -> Selection:
        """Compile the patterns; raise UsageError if one of them is malformed."""
        specs = []
        for pattern in patterns:
            if (spec := _read_line(pattern)) is None:
                raise UsageError(f"pattern {pattern!r} is malformed; write it as in a .gitignore file")
            specs.append(spec)
        including = any(rule.include for spec in specs for rule in spec.patterns)
        named = [part for pattern in patterns if not pattern.startswith("!") for part in pattern.split("/")]
        return cls(tuple(specs), not including, frozenset(named))

    def names(self, name: str) -> bool:
        """Return whether an including pattern contains this name."""
        return name in self.named

    def takes_by_name(self, key: str) -> bool:
        """Return whether an including pattern matches the file with this key; False without any patterns."""
        return not self.otherwise and self.takes(key)

    def takes(self, key: str) -> bool:
        """Return whether the file with this key is wanted."""
        verdicts = (spec.check_file(key).include for spec in reversed(self.specs))
        return next((verdict for verdict in verdicts if verdict is not None), self.otherwise)


def misspelt(patterns: Iterable[str], keys: Sequence[str]) -> list[str]:
    """Return warnings about patterns that match none of these keys: what was asked for is missing, or what should be
    left out is published. An excluding pattern may wait for its first file, unless a name is very similar."""
    told = []
    for pattern in patterns:
        spec = spec_of([pattern])
        if not any(spec.check_file(key).include is not None for key in keys):
            names = {part for key in keys for part in key.split("/")}
            parts = [part for part in pattern.removeprefix("!").split("/") if part and part not in names]
            meant = [name for part in parts[:1] for name in get_close_matches(part, names, 1)]
            if meant or not pattern.startswith("!"):
                guess = f"; did you mean {meant[0]}?" if meant else ""
                told.append(f"the pattern {pattern} matches no file{guess}")
    return told
