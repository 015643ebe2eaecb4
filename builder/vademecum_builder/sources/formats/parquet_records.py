"""The rows of a Parquet file as records, read in batches by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, BinaryIO, Final

from vademecum.errors import ContentError
from vademecum.origin import pip_install

BEGINS: Final = b"PAR1"
_ROWS: Final = 256
"""How many are read at a time."""


def rows_of_parquet(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row after its number, from 1, without empty fields.

    Args:
        stream: Seekable.

    Raises:
        ContentError: It is not Parquet, is cut off or encrypted, or pyarrow is not installed.
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
                # NaN, which pandas writes for nothing, does not equal itself.
                yield number, {name: value for name, value in row.items() if value is not None and value == value}
    except (pa.ArrowException, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise ContentError(
            f"not Parquet that can be read behind row {number} ({' '.join(str(error).split())[:160]})"
        ) from None


def _readable(batch: Any) -> Any:
    """Return rows with times in microseconds: pandas writes nanoseconds, which do not fit into a `datetime`."""
    import pyarrow as pa

    schema = pa.schema([one.with_type(_coarser(one.type)) for one in batch.schema])
    return batch if schema.equals(batch.schema) else batch.cast(schema, safe=False)


def _coarser(kind: Any) -> Any:
    """Return a type with microseconds for nanoseconds, also in lists and objects."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return pa.struct([one.with_type(_coarser(one.type)) for one in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_coarser(kind.value_type)))
    if getattr(kind, "unit", "") != "ns":
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.duration("us") if pa.types.is_duration(kind) else pa.time64("us")
