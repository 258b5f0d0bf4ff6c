"""Tables are what ``pandas.read_csv`` makes of them, however they fall into blocks."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from workbench.data.formats.reader import Limits
from workbench.data.formats.text import TextReader
from workbench.data.ingest import table

GAPS = ["", "NA", "NaN", "null", "None", "n/a", "#N/A", "<NA>", "-nan"]
WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff\u2028\u2029\x85"), max_size=8
)
CELLS = {
    "whole": st.integers(-(10**6), 10**6).map(str),
    "huge": st.integers(-(2**66), 2**66).map(str),
    "padded": st.integers(0, 999).map(lambda number: f"{number:05d}"),
    "signed": st.integers(0, 99).map(lambda number: f"+{number}"),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "short": st.decimals(-1000, 1000, places=2).map(str),
    "odd": st.sampled_from(
        ["inf", "-Infinity", "1e400", "1.", ".5", "1E+05", " 7", "8 ", "0x1F", "1_000", "NAN", "1d5"]
    ),
    "truth": st.sampled_from(["True", "False"]),
    "shout": st.sampled_from(["TRUE", "false", "true", "FALSE"]),
    "date": st.dates().map(str),
    "time": st.sampled_from(["12:30", "2020-01-01 10:00:00", "2020-01-01T10:00:00Z", "2020-02-30"]),
    "word": WORDS,
    "quoted": st.sampled_from(['say "hi"', "a,b", "two\nlines", " x ", '"', "'", "a;b", "#", "=1+1", '5" pipe']),
    "gap": st.sampled_from(GAPS),
}


@st.composite
def columns(draw: st.DrawFn, rows: int) -> list[str]:
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=2))
    main, rare = CELLS[kinds[0]], CELLS[kinds[-1]]
    # Most cells alike, so that what differs comes late and in another block.
    turn = draw(st.integers(0, rows))
    cells = [draw(main) for _ in range(turn)] + [draw(st.one_of(main, rare)) for _ in range(rows - turn)]
    return [cell if draw(st.integers(0, 9)) else draw(CELLS["gap"]) for cell in cells]


@st.composite
def tables(draw: st.DrawFn) -> str:
    rows = draw(st.integers(1, 30))
    width = draw(st.integers(2, 6))
    made = [draw(columns(rows)) for _ in range(width)]
    written = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(written, quoting=quoting, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow([f"c{number}" for number in range(width)])
    writer.writerows(zip(*made, strict=True))
    return written.getvalue()


@given(tables())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@example("c0,c1\n1,18446744073709551615\n2,\n")
@example("c0,c1\n1,+5\n2,+6\n")
@example("c0,c1\n1,0x1F\n2,3\n")
@example("c0,c1\n,\n,\n")
def test_a_table_has_the_values_and_types_that_pandas_gives(content):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(content.encode())
        reader = TextReader(path, path.name, Limits(Path(folder), block_bytes=256))
        table.write(reader, path.with_suffix(".parquet"), lambda _: None)
        found = table.frame(path.with_suffix(".parquet"))
        expected = pd.read_csv(
            path, sep=reader.format["delimiter"], float_precision="round_trip", low_memory=False, index_col=False
        )
        assert_frame_equal(found, expected, check_exact=True)
