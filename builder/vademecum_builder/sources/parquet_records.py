"""The rows of a Parquet file as records, some at a time. pyarrow reads them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from math import isnan
from typing import Any, BinaryIO, Final

from vademecum.errors import ContentError
from vademecum.origin import pip_install

BEGINS: Final = b"PAR1"
_ROWS: Final = 256
"""That are read at a time."""


def rows_of_parquet(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row behind its number, from 1, without the fields that say nothing.

    Args:
        stream: Can be told where to go.

    Raises:
        ContentError: It is no Parquet, cut off, encrypted, or what reads it is not installed.
    """
    if not find_spec("pyarrow"):
        raise ContentError(f"a Parquet file needs {pip_install('parquet')}")
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        file = ParquetFile(stream, coerce_int96_timestamp_unit="us")
        for batch in file.iter_batches(_ROWS, use_threads=False):
            for row in _readable(batch).to_pylist(maps_as_pydicts="lossy"):
                number += 1
                yield number, {name: value for name, value in row.items() if value is not None and not _is_nan(value)}
    except (pa.ArrowException, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise ContentError(
            f"no Parquet that can be read behind row {number} ({' '.join(str(error).split())[:160]})"
        ) from None


def _readable(batch: Any) -> Any:
    """Return rows whose times are of microseconds: pandas writes nanoseconds, which are no `datetime`."""
    import pyarrow as pa

    nanoseconds = [pa.types.is_timestamp(one.type) and one.type.unit == "ns" for one in batch.schema]
    fields = [
        one.with_type(pa.timestamp("us", one.type.tz)) if is_one else one
        for one, is_one in zip(batch.schema, nanoseconds, strict=True)
    ]
    return batch.cast(pa.schema(fields), safe=False) if any(nanoseconds) else batch


def _is_nan(value: object) -> bool:
    """Return whether a number is what pandas writes for nothing."""
    return isinstance(value, float) and isnan(value)
