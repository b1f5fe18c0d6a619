"""Tables of Arrow: scanned batch by batch, the findings beside the columns that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ._guiju import Scanner

BATCH_ROWS = 4096
"""Rows judged at once: with a signature each, their findings take about a megabyte."""

NO_NUMBERS = ("line",)
"""Columns of the findings that say nothing where nobody knows how many rows came before a batch."""


def scan_table(scanner: Scanner, table: pa.Table) -> pa.Table:
    """The findings of a table, row for row, numbered from 1."""
    found: list[pa.RecordBatch] = []
    first = 1
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        found.append(scanner.scan(batch, first=first))
        first += batch.num_rows
    # An empty table has no batches, and findings have a schema.
    return pa.Table.from_batches(found or [scanner.scan(pa.RecordBatch.from_pylist([], schema=table.schema))])


def scan_beside(scanner: Scanner, batch: pa.RecordBatch, keep: Sequence[str], prefix: str) -> pa.RecordBatch:
    """The columns of `keep`, then the findings with `prefix` before their names, without the numbers of rows."""
    found = scanner.scan(batch)
    wanted = [name for name in found.schema.names if name not in NO_NUMBERS]
    names = [*keep, *(prefix + name for name in wanted)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two columns would be named {', '.join(twice)}; give prefix='guiju_', or another")
    if missing := [name for name in keep if name not in batch.schema.names]:
        raise ValueError(f"keep names {', '.join(missing)}; the columns are {', '.join(batch.schema.names)}")
    kept = [batch.column(batch.schema.get_field_index(name)) for name in keep]
    return pa.RecordBatch.from_arrays([*kept, *(found.column(name) for name in wanted)], names=names)
