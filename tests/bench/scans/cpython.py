"""One row of search.py's table on CPython: `cpython.py NAME FOLDER` prints its figures as JSON, in milliseconds."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HITS = 10
Floats = NDArray[np.float32]
Search = Callable[[Floats], Any]


def _vectors(folder: Path) -> Iterable[Floats]:
    """Yield the components of each segment, [n, D]."""
    from vademecum.format.segment import decode_segment

    for digest in json.loads((folder / "data" / "digests.json").read_text())[:-1]:
        segment = decode_segment((folder / "data" / digest).read_bytes())
        yield np.frombuffer(segment.vectors, np.int8).reshape(-1, segment.dimensions).astype(np.float32)


def usearch(folder: Path) -> Search:
    library = import_module("usearch.index")
    rows = np.concatenate([part.astype(np.int8) for part in _vectors(folder)])
    metric = library.MetricKind.IP
    return lambda query: library.search(rows, query.astype(np.int8)[None], HITS, metric, exact=True)


def sqlite_vec(folder: Path) -> Search:
    apsw, extension = import_module("apsw"), import_module("sqlite_vec")
    connection = apsw.Connection(":memory:")  # Python's own sqlite3 may be built without extensions
    connection.enable_load_extension(True)
    connection.load_extension(extension.loadable_path())
    parts = iter(_vectors(folder))
    first = next(parts)
    connection.execute(f"create virtual table v using vec0(e int8[{first.shape[1]}] distance_metric=cosine)")
    for part in (first, *parts):
        rows = ((row.tobytes(),) for row in part.astype(np.int8))
        connection.executemany("insert into v(e) values (vec_int8(?))", rows)
    find = "select rowid, distance from v where e match vec_int8(?) and k = ?"
    return lambda query: connection.execute(find, (query.astype(np.int8).tobytes(), HITS)).fetchall()


def faiss(folder: Path, bits: int) -> Search:
    library = import_module("faiss")
    library.omp_set_num_threads(1)
    parts = iter(_vectors(folder))
    first = next(parts)
    dimensions = first.shape[1]
    if bits == 4:
        kind, metric = library.ScalarQuantizer.QT_4bit_uniform, library.METRIC_INNER_PRODUCT
        index = library.IndexScalarQuantizer(dimensions, kind, metric)
        index.train(first)
    else:
        index = library.IndexFlatIP(dimensions)
    for part in (first, *parts):
        index.add(part)
    return lambda query: index.search(query[None], HITS)


def bare(folder: Path) -> Search:
    """Floats in one matrix, and numpy: what 32 bits a component buy."""
    rows = np.concatenate(list(_vectors(folder)))

    def search(query: Floats) -> Any:
        scores = rows @ query
        return np.argpartition(scores, -HITS)[-HITS:]

    return search


def vademecum(folder: Path) -> dict[str, float]:
    from vademecum.knowledge import KnowledgeBase

    queries = json.loads((folder / "data" / "queries.json").read_text())
    started = time.perf_counter()
    knowledge = KnowledgeBase.open(folder / "store.db")
    knowledge.search(queries[0], HITS)
    opened = (time.perf_counter() - started) * 1000
    return {"open": opened, **percentiles(queries, lambda query: knowledge.search(query, HITS))}


def percentiles(inputs: list[Any], work: Callable[[Any], Any]) -> dict[str, float]:
    """Return figures of each input worked on once; a tenth of them warms up."""
    for one in inputs[: len(inputs) // 10]:
        work(one)
    times = []
    for one in inputs:
        started = time.perf_counter()
        work(one)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {"least": times[0], "p50": times[len(times) // 2], "p95": times[int(0.95 * (len(times) - 1))]}


PEERS: dict[str, Callable[[Path], Search]] = {
    "bare numpy": bare,
    "usearch": usearch,
    "sqlite-vec": sqlite_vec,
    "faiss 4 bits": lambda folder: faiss(folder, 4),
    "faiss float": lambda folder: faiss(folder, 32),
}


def main(name: str, folder: Path) -> dict[str, Any]:
    if name == "vademecum":
        return vademecum(folder)
    try:
        search = PEERS[name](folder)
    except ModuleNotFoundError as error:
        return {"absent": error.name}
    dimensions = next(iter(_vectors(folder))).shape[1]
    vectors = np.random.default_rng(1).integers(-127, 128, (200, dimensions)).astype(np.float32)
    return percentiles(list(vectors), search)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
