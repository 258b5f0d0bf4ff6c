"""A file of predictions, read as the data source that was predicted is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.formats.kinds import exact
from workbench.data.source import Source

if TYPE_CHECKING:
    import pandas as pd


def frame(source: Source, path: Path, *, label_is_text: bool) -> pd.DataFrame:
    """Read what was predicted of a data source; parameters as of `workbench.data.sources.Sources.load_predicted`."""
    import pandas as pd

    labels = pd.read_csv(path, nrows=0).columns[len(source.columns) :][:1] if label_is_text else ()
    texts = dict.fromkeys((*source.texts, *labels), str)
    found: pd.DataFrame = pd.read_csv(
        path, dtype=texts, keep_default_na=False, na_values=[""], low_memory=False, **exact()
    )
    return found
