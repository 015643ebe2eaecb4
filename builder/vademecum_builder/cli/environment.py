"""Environment variables, and settings for the commands that work without them, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vademecum.errors import ClockError, UsageError
from vademecum.runtime.clock import SystemClock
from vademecum_builder.cli.options.common import SETTINGS, or_settings
from vademecum_builder.request import BuildRequest
from vademecum_builder.settings import read_settings
from vademecum_builder.signing.defaults import DEFAULT_KEYS, Validity
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, set_secret


def is_ci(environ: Mapping[str, str]) -> bool:
    """Return whether this is a CI machine, whose files are lost after the job."""
    return environ.get("CI", "").lower() in ("1", "true")


def time_of_build(environ: Mapping[str, str], *, past: bool = True) -> datetime:
    """Return the time of this build: SOURCE_DATE_EPOCH if it is set, for reproducible builds.

    Args:
        past: Whether it may be long ago, which it may not for signatures that clients must accept.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
        ClockError: It is more than a day ahead of this machine's clock, or, unless `past`, so far behind that a
            timestamp would be due for renewal: clients would not install such a release, or not for long.
    """
    given = environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return SystemClock().now()
    try:
        told = datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH={given!r} is not a number of seconds since 1970") from error
    clock = SystemClock().now()
    if told > clock + timedelta(days=1):
        raise ClockError(
            f"SOURCE_DATE_EPOCH is {told:%Y-%m-%d}, ahead of this machine's clock: no client would install it"
        )
    if not past and told < clock - Validity().timestamp / 2:
        raise ClockError(
            f"SOURCE_DATE_EPOCH is {told:%Y-%m-%d}, and this machine's clock says {clock:%Y-%m-%d}: what is signed for "
            "that day has run out, or soon will, and no client would install it. Unset SOURCE_DATE_EPOCH; --force goes "
            "on where this time is right, to repeat a build"
        )
    return told


def signing_key(environ: Mapping[str, str], keys: Path | None) -> str:
    """Return the release key in VADEMECUM_SIGNING_KEY; empty if it is in a file.

    Args:
        keys: The given folder of keys.

    Raises:
        UsageError: The variable is empty, as GitHub sets unknown secrets, and the key is not in a file.
    """
    key = environ.get(KEY_VARIABLE, "").strip()
    if KEY_VARIABLE in environ and not key and not ((keys or DEFAULT_KEYS) / RELEASE_KEY).exists():
        raise UsageError(
            f"{KEY_VARIABLE} is set, but empty: there is no secret of that name here, or this run may not see it (a "
            "pull request from a fork has none; one of an environment needs a job that names the environment). To set "
            f"it, on GitHub: {set_secret(keys or DEFAULT_KEYS)}"
        )
    return key


def settings_named(config: Path) -> BuildRequest | None:
    """Return the request in the settings; None if there are none, and none were named. Errors: see `read_settings`."""
    return read_settings(config) if config.exists() or config != SETTINGS else None


def settings_or(config: Path, told: str) -> BuildRequest:
    """Return the request in the settings; if there are none, raise UsageError with alternatives."""
    settings = settings_named(config)
    if settings is None:
        raise UsageError(f"{told}, or {or_settings()}")
    return settings
