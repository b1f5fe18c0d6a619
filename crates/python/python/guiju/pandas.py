"""Rows of a pandas data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from ._scan import Options, scanner
from ._tables import scan_table

if TYPE_CHECKING:
    import pandas
    from typing_extensions import Unpack


def scan(frame: pandas.DataFrame, **options: Unpack[Options]) -> pandas.DataFrame:
    """The findings of a data frame's rows, under the same index."""
    text = options.get("text", "text")
    if text not in frame.columns:
        raise ValueError(f"there is no column '{text}'; there are: {', '.join(map(str, frame.columns))}. Name the right one with text=")
    table = pa.Table.from_pandas(frame[[text]], preserve_index=False)
    found: pandas.DataFrame = scan_table(scanner(**options), table).to_pandas()
    found.index = frame.index
    return found
