"""What every `Store` must do, as plain coroutines: they run on CPython and, over IndexedDB, inside Pyodide.

Each check gets `open_store`, which opens the same, at first empty, database again at each call; it closes
what it opened. This module imports the standard library and vademecum only.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from vademecum.errors import BusyError, StorageError
from vademecum.ports import Store

OpenStore = Callable[[], Awaitable[Store]]
Check = Callable[[OpenStore], Awaitable[None]]

LARGE = 8 * 1024 * 1024


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def raises(kind: type[Exception], awaitable: Awaitable[Any]) -> None:
    try:
        value = await awaitable
    except kind:
        return
    raise AssertionError(f"expected {kind.__name__}, got {value!r}")


async def check_empty(open_store: OpenStore) -> None:
    store = await open_store()
    assert await store.read("head") is None
    assert await store.get(digest(b"x")) is None
    assert dict(await store.objects()) == {}
    await store.close()


async def check_records(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write({"head": b"one", "trust/root.json": b"\x00\xff", "sync": b""})
    assert await store.read("head") == b"one"
    assert await store.read("trust/root.json") == b"\x00\xff"
    assert await store.read("sync") == b""
    assert type(await store.read("head")) is bytes
    await store.write({"head": b"two", "sync": None, "never": None})
    assert await store.read("head") == b"two"
    assert await store.read("sync") is None
    assert await store.read("trust/root.json") == b"\x00\xff"
    await store.write({})
    assert await store.read("head") == b"two"
    await store.close()


async def check_objects(open_store: OpenStore) -> None:
    store = await open_store()
    one, two = b"one", b"two\x00two"
    await store.put(digest(one), one)
    await store.put(digest(two), two)
    assert await store.get(digest(one)) == one
    assert type(await store.get(digest(two))) is bytes
    assert dict(await store.objects()) == {digest(one): len(one), digest(two): len(two)}
    await store.close()


async def check_parts(open_store: OpenStore) -> None:
    store = await open_store()
    data = bytes(range(256)) * 40
    name = digest(data)
    assert await store.parts(name, [(0, 1)]) is None
    await store.put(name, data)
    spans = [(9000, 300), (0, 3), (5, 0), (len(data), 0), (0, len(data)), (0, 3)]  # in any order, overlapping
    parts = await store.parts(name, spans)
    assert parts == [data[at : at + length] for at, length in spans]
    assert parts is not None and all(type(part) is bytes for part in parts)
    assert await store.parts(name, []) == []
    for span in [(len(data), 1), (len(data) - 5, 6), (-1, 3), (3, -1), (len(data) + 1, 0)]:
        await raises(StorageError, store.parts(name, [(0, 1), span]))
    await store.put(digest(b""), b"")
    assert await store.parts(digest(b""), [(0, 0)]) == [b""]
    await store.put(name, data[::-1])  # a damaged object that is mended by putting it again
    assert await store.parts(name, [(0, 4)]) == [data[::-1][:4]]
    await store.discard([name])
    assert await store.parts(name, [(0, 1)]) is None
    await store.close()


async def check_put_replaces(open_store: OpenStore) -> None:
    # A damaged object is mended by putting it again.
    store = await open_store()
    name = digest(b"right")
    await store.put(name, b"damaged")
    await store.put(name, b"right")
    assert await store.get(name) == b"right"
    assert dict(await store.objects()) == {name: 5}
    await store.close()


async def check_discard(open_store: OpenStore) -> None:
    store = await open_store()
    datas = [b"a", b"b", b"c"]
    for data in datas:
        await store.put(digest(data), data)
    await store.discard(name for name in [digest(b"a"), digest(b"unknown"), digest(b"c")])
    assert dict(await store.objects()) == {digest(b"b"): 1}
    assert await store.get(digest(b"a")) is None
    await store.discard([])
    assert dict(await store.objects()) == {digest(b"b"): 1}
    await store.close()


async def check_words(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    names = [digest(data) for data in (b"a", b"b")]
    assert await store.words(names[0]) is None
    await store.discard(names)
    for data in (b"a", b"b"):
        await store.put(digest(data), data)
    await store.keep_words(names[0], b"words of another version")
    await store.keep_words(names[0], b"words\x00of a")
    await other.keep_words(names[1], b"")
    await store.keep_words(digest(b"never stored"), b"lost")
    assert [await other.words(name) for name in names] == [b"words\x00of a", b""]
    assert type(await store.words(names[0])) is bytes
    assert await store.words(digest(b"never stored")) is None
    assert dict(await store.objects()) == dict.fromkeys(names, 1)
    assert await store.get(names[0]) == b"a"
    await store.close()
    store = await open_store()
    await store.discard(names[:1])
    assert [await store.words(name) for name in names] == [None, b""]
    await store.put(names[0], b"a")
    assert await store.words(names[0]) is None  # and do not come back
    await store.close()
    await other.close()


async def check_records_and_objects_are_apart(open_store: OpenStore) -> None:
    store = await open_store()
    name = digest(b"x")
    await store.put(name, b"x")
    await store.write({name: b"record"})
    await store.discard([name])
    assert await store.read(name) == b"record"
    assert await store.get(name) is None
    await store.close()


async def check_empty_object(open_store: OpenStore) -> None:
    store = await open_store()
    await store.put(digest(b""), b"")
    assert await store.get(digest(b"")) == b""
    assert dict(await store.objects()) == {digest(b""): 0}
    await store.close()


async def check_large_object(open_store: OpenStore) -> None:
    store = await open_store()
    large = bytes(range(256)) * (LARGE // 256)
    await store.put(digest(large), large)
    assert dict(await store.objects()) == {digest(large): LARGE}
    assert await store.parts(digest(large), [(LARGE - 3, 3), (1 << 20, 4)]) == [large[-3:], large[:4]]
    await store.close()
    store = await open_store()
    assert await store.get(digest(large)) == large
    await store.close()


async def check_persistence(open_store: OpenStore) -> None:
    store = await open_store()
    await store.put(digest(b"data"), b"data")
    await store.write({"head": b"head", "gone": b"gone"})
    await store.write({"gone": None})
    await store.close()
    store = await open_store()
    assert await store.read("head") == b"head"
    assert await store.read("gone") is None
    assert await store.get(digest(b"data")) == b"data"
    await store.close()


async def check_second_store_sees_what_is_committed(open_store: OpenStore) -> None:
    first, second = await open_store(), await open_store()
    assert await second.read("head") is None
    await first.put(digest(b"data"), b"data")
    await first.write({"head": b"1"})
    assert await second.read("head") == b"1"
    assert await second.get(digest(b"data")) == b"data"
    await second.write({"head": b"2"})
    assert await first.read("head") == b"2"
    await first.discard([digest(b"data")])
    assert dict(await second.objects()) == {}
    await first.close()
    assert await second.read("head") == b"2"
    await second.close()


async def check_concurrent_calls(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    datas = [bytes([number]) * 1000 * number for number in range(20)]
    await asyncio.gather(*(store.put(digest(data), data) for data in datas))
    await store.write({f"r{number}": data for number, data in enumerate(datas)})
    reads = [reader.get(digest(data)) for data in datas for reader in (store, other)]
    assert await asyncio.gather(*reads) == [data for data in datas for _ in range(2)]
    await asyncio.gather(*(store.write({"last": bytes([number])}) for number in range(5)))
    assert await other.read("last") in {bytes([number]) for number in range(5)}
    await store.close()
    await other.close()


async def check_lock_excludes(open_store: OpenStore) -> None:
    first, second = await open_store(), await open_store()
    async with first.lock():
        await raises(BusyError, _enter(second))
        await raises(BusyError, _enter(first))
        await first.write({"head": b"written under the lock"})
        assert await second.read("head") == b"written under the lock"  # readers are never shut out
        await raises(BusyError, _enter(second))  # and no failed attempt has loosened it
    async with second.lock():
        await raises(BusyError, _enter(first))
    async with first.lock():
        pass
    await first.close()
    await second.close()


async def check_lock_is_released_on_an_error(open_store: OpenStore) -> None:
    first, second = await open_store(), await open_store()
    try:
        async with first.lock():
            raise KeyError("the writer failed")
    except KeyError:
        pass
    async with second.lock():
        pass
    await first.close()
    await second.close()


async def check_lock_is_released_on_cancellation(open_store: OpenStore) -> None:
    first, second = await open_store(), await open_store()
    held = asyncio.Event()

    async def hold() -> None:
        async with first.lock():
            held.set()
            await asyncio.Event().wait()

    writer = asyncio.ensure_future(hold())
    await held.wait()
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert writer.cancelled()
    async with second.lock():
        pass
    await first.close()
    await second.close()


async def check_close_twice(open_store: OpenStore) -> None:
    store = await open_store()
    await store.close()
    await store.close()


async def check_use_after_close(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write({"head": b"kept"})
    await store.close()
    await raises(StorageError, store.read("head"))
    await raises(StorageError, store.write({"head": b"lost"}))
    await raises(StorageError, store.objects())
    await raises(StorageError, store.get(digest(b"")))
    await raises(StorageError, store.parts(digest(b""), []))
    await raises(StorageError, store.put(digest(b""), b""))
    await raises(StorageError, store.discard([]))
    await raises(StorageError, store.words(digest(b"")))
    await raises(StorageError, store.keep_words(digest(b""), b""))
    await raises(StorageError, _enter(store))
    store = await open_store()
    assert await store.read("head") == b"kept"
    await store.close()


async def _enter(store: Store) -> None:
    async with store.lock():
        pass


CHECKS: list[Check] = [
    check_empty,
    check_records,
    check_objects,
    check_parts,
    check_put_replaces,
    check_discard,
    check_words,
    check_records_and_objects_are_apart,
    check_empty_object,
    check_large_object,
    check_persistence,
    check_second_store_sees_what_is_committed,
    check_concurrent_calls,
    check_lock_excludes,
    check_lock_is_released_on_an_error,
    check_lock_is_released_on_cancellation,
    check_close_twice,
    check_use_after_close,
]
