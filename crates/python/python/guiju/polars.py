"""Rows of a Polars data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ._need import need
from ._scan import Options, scanner
from ._tables import scan_table

if TYPE_CHECKING:
    import polars
    from typing_extensions import Unpack


def scan(frame: polars.DataFrame, **options: Unpack[Options]) -> polars.DataFrame:
    """The findings of a data frame's rows, in its order; `frame.hstack` puts them beside it."""
    text = options.get("text", "text")
    if text not in frame.columns:
        raise ValueError(f"there is no column '{text}'; there are: {', '.join(frame.columns)}. Name the right one with text=")
    found = scan_table(scanner(**options), frame.select(text).to_arrow())
    return cast("polars.DataFrame", need("polars", "polars").from_arrow(found))
