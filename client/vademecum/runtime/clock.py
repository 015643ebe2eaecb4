"""The machine's clock, on CPython and in a browser."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime


class SystemClock:
    """The machine's `Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jitter(self) -> float:
        return random.random()
