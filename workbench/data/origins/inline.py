"""A table that is handed over as it is: records, a data frame, an Arrow table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins.origin import Opened, Tell
from workbench.errors import BadRequest

if TYPE_CHECKING:
    import pyarrow as pa

_RAW = "inline.arrow"
_ROWS = 64 * 1024
_ARROW = "__arrow_c_stream__"
"""By which libraries hand over tables without knowing each other."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A table in memory.

    Parameters
    ----------
    data
        Records (a list of dictionaries), a pandas data frame, or a table of pyarrow or of a library that gives its own
        as such; None where only its description was stored.
    """

    data: Any = field(repr=False)
    called: str = "table"
    kind = "inline"

    def told(self) -> dict[str, Any]:
        return {"kind": self.kind, "called": self.called}

    def test(self) -> None:
        """Look whether there is a table.

        Raises
        ------
        BadRequest
            ``data.file_missing`` when only the description is left, ``data.not_a_table`` for another kind of object.
        """
        if self.data is None:
            raise BadRequest(
                "data.file_missing", f"{self.called} was handed over from memory, and cannot be read again."
            )
        if not (_is_frame(self.data) or hasattr(self.data, _ARROW)):
            _check_records(self.data, self.called)

    def open(self, limits: Limits, asked: Asked, tell: Tell) -> Opened:
        """Write it down, and begin to read that.

        Raises
        ------
        BadRequest
            As for `test`, and whatever cannot be a table's.
        """
        from workbench.data.formats.columnar import arrow_file

        raw = limits.work / _RAW
        self.write(raw)
        tell(raw.stat().st_size, raw.stat().st_size)
        return Opened(arrow_file(raw, self.called, limits, asked), raw)

    def write(self, to: Path) -> None:
        """Write it as an Arrow file, which `open_file` reads.

        Raises
        ------
        BadRequest
            As for `test`.
        """
        import pyarrow as pa

        self.test()
        table = self._table()
        with pa.OSFile(str(to), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table, max_chunksize=_ROWS)

    def stamp(self) -> str | None:
        return None

    def _table(self) -> pa.Table:
        import pyarrow as pa

        if _is_frame(self.data):
            return _of_frame(self.data)
        if hasattr(self.data, _ARROW):
            return pa.table(self.data).replace_schema_metadata(None)
        return _of_records(self.data)


def _is_frame(value: Any) -> bool:
    # Without importing pandas: where it is not loaded, this is no frame of it.
    return any(base.__name__ == "DataFrame" and base.__module__.startswith("pandas.") for base in type(value).__mro__)


def _check_records(data: Any, called: str) -> None:
    if not isinstance(data, Sequence) or isinstance(data, str | bytes) or not all(isinstance(r, Mapping) for r in data):
        raise BadRequest(
            "data.not_a_table",
            f"{called} is no table: a list of dictionaries, a pandas data frame or a pyarrow table is one.",
        )
    if not data:
        raise BadRequest("data.no_rows", f"{called} has no rows.")


def _of_records(records: Sequence[Mapping[Any, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = [[record.get(name) for record in records] for name in names]
    return _table([str(name) for name in names], columns)


def _of_frame(frame: Any) -> pa.Table:
    labelled = [name for name in frame.index.names if name is not None]
    if labelled:
        frame = frame.reset_index(level=labelled)
    return _table([_label(name) for name in frame.columns], [frame.iloc[:, at] for at in range(frame.shape[1])])


def _label(name: Any) -> str:
    return "_".join(str(part) for part in name if part != "") if isinstance(name, tuple) else str(name)


def _table(names: Sequence[str], columns: Sequence[Any]) -> pa.Table:
    import pyarrow as pa

    from workbench.data.formats.columnar import NOTICES
    from workbench.data.formats.values import Values, whole_names

    names, notices = whole_names(names)
    arrays = []
    for name, values in zip(names, columns, strict=True):
        array = None if isinstance(values, list) else _natively(values)
        if array is None:
            column, listed = Values(name), list(values)
            column.look(listed)
            array = column.array(listed)
            notices += [column.notice] if column.notice else []
        arrays.append(array)
    return pa.Table.from_arrays(arrays, names=names, metadata={NOTICES: json.dumps(notices)} if notices else None)


def _natively(values: Any) -> pa.Array | None:
    """Make an array of a frame's column; None where it holds several kinds, or such as Arrow does not know."""
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    # Periods and intervals are extensions, of which the storage tells nobody anything.
    is_pandas_own = isinstance(array.type, pa.BaseExtensionType) and array.type.extension_name.startswith("pandas.")
    return None if is_pandas_own else array
