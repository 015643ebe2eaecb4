"""The host for a target that a publisher names."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path

from vademecum.errors import UsageError
from vademecum.origin import pip_install
from vademecum_builder.hosting.base import DEFAULT_OPTIONS, Host, PublishOptions, shown

KINDS = "a folder, s3://bucket/prefix, user@host:/path, ssh://, rsync://, gh-pages or git+URL#branch"


def open_host(target: str, tree: Path, options: PublishOptions = DEFAULT_OPTIONS) -> AbstractContextManager[Host]:
    """Return the host of a target: a folder, `s3://bucket/prefix`, `user@host:/path`, `ssh://`, `rsync://`,
    `gh-pages` (of this repository) or `git+URL#branch`; for a branch also `branch:folder`.

    Args:
        tree: The built tree, which must not be the target.
        options: In a dry run, the target is not prepared for writing.

    Raises:
        UsageError: It is none of these, or needs something that is not installed.
    """
    # Imported late: each kind needs something that the others do not.
    if target.startswith("s3://"):
        try:
            from vademecum_builder.hosting.s3 import s3_bucket
        except ImportError as error:
            raise UsageError(f"s3:// needs obstore: {pip_install('s3')}") from error
        return s3_bucket(target)
    if target.startswith("git+") or re.match(r"gh-pages(:|$)", target):
        from vademecum_builder.hosting.git import git_branch

        return git_branch(target, history=options.history)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", target)
    if target and is_folder(target):
        from vademecum_builder.hosting.folder import local_folder

        return local_folder(Path(target), tree, dry_run=options.dry_run)
    if target and (scheme is None or scheme[1] in ("ssh", "rsync")):
        from vademecum_builder.hosting.rsync import rsync_folder

        return rsync_folder(target)
    raise UsageError(f"{shown(target)!r} is not a place to publish to; there is {KINDS}")


def is_folder(target: str) -> bool:
    """Return whether a target is a folder on this machine: as for rsync, one without a colon before its first slash,
    except after the letter of a drive."""
    return target != "gh-pages" and not re.match(r"[^/\\:]{2,}:", target)
