"""Rows of a Daft data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyarrow as pa

from ._need import need
from ._scan import Options, scanner

if TYPE_CHECKING:
    import daft
    from typing_extensions import Unpack

BATCH_ROWS = 4096
"""Rows judged at once."""


def findings(column: daft.Expression, **options: Unpack[Options]) -> daft.Expression:
    """The findings of a column of texts, as a column of structs: `frame.with_column("guiju", guiju.daft.findings(frame["text"]))`."""
    library = need("daft", "daft")
    options["text"] = "text"
    empty = scanner(**options).scan(pa.RecordBatch.from_pydict({"text": pa.array([], pa.string())}))
    kind = library.DataType.from_arrow_type(pa.struct([field for field in empty.schema if field.name != "line"]))

    @library.func.batch(return_dtype=kind, batch_size=BATCH_ROWS)  # type: ignore[untyped-decorator]
    def judged(texts: daft.Series) -> pa.Array:
        batch = pa.RecordBatch.from_pydict({"text": texts.to_arrow()})
        return scanner(**options).scan(batch).drop_columns("line").to_struct_array()

    return cast("daft.Expression", judged(column))
