"""Data frames of pandas, Polars and Daft."""

from __future__ import annotations

import pyarrow as pa
import pytest
from conftest import texts

import guiju

ROWS = texts(40)


@pytest.fixture(scope="module")
def wanted() -> pa.RecordBatch:
    return guiju.scanner().scan(pa.RecordBatch.from_pydict({"text": ROWS}))


def test_pandas(wanted: pa.RecordBatch) -> None:
    pandas = pytest.importorskip("pandas")
    import guiju.pandas

    frame = pandas.DataFrame({"n": range(40), "text": ROWS}, index=[f"row-{n}" for n in range(40)])
    found = guiju.pandas.scan(frame)
    assert list(found.index) == list(frame.index)
    assert found["decision"].tolist() == wanted["decision"].to_pylist()
    assert found["line"].tolist() == list(range(1, 41))
    assert [[dict(one) for one in row] for row in found["findings"]] == wanted["findings"].to_pylist()
    frame.loc["row-3", "text"] = None
    assert guiju.pandas.scan(frame)["broken"].tolist()[3] == "no-text"
    assert len(guiju.pandas.scan(frame[:0])) == 0
    with pytest.raises(ValueError, match="no column 'body'; there are: n, text"):
        guiju.pandas.scan(frame, text="body")


def test_polars(wanted: pa.RecordBatch) -> None:
    polars = pytest.importorskip("polars")
    import guiju.polars

    frame = polars.DataFrame({"n": range(40), "text": ROWS})
    found = guiju.polars.scan(frame)
    assert found["decision"].to_list() == wanted["decision"].to_pylist()
    assert found["findings"].to_list() == wanted["findings"].to_pylist()
    assert found["hash"].to_list() == wanted["hash"].to_pylist()
    assert guiju.polars.scan(frame[:0]).height == 0
    with pytest.raises(ValueError, match="no column 'body'; there are: n, text"):
        guiju.polars.scan(frame, text="body")


def test_daft(wanted: pa.RecordBatch) -> None:
    daft = pytest.importorskip("daft")
    import guiju.daft

    frame = daft.from_pydict({"n": list(range(40)), "text": ROWS})
    found = frame.with_column("guiju", guiju.daft.findings(frame["text"])).to_pydict()
    assert found["n"] == list(range(40))
    assert [row["decision"] for row in found["guiju"]] == wanted["decision"].to_pylist()
    assert [row["findings"] for row in found["guiju"]] == wanted["findings"].to_pylist()


def test_many_batches_are_numbered_on() -> None:
    from guiju._tables import BATCH_ROWS, scan_table

    table = pa.table({"text": ["好"] * (BATCH_ROWS + 2)})
    found = scan_table(guiju.scanner(), table)
    assert found["line"].to_pylist() == list(range(1, BATCH_ROWS + 3))
    assert scan_table(guiju.scanner(), table[:0]).num_rows == 0


def test_a_library_that_is_missing_is_named() -> None:
    from guiju._need import need

    with pytest.raises(ImportError, match="guiju.ray needs nosuch: pip install 'guiju\\[ray\\]'"):
        need("nosuch", "ray")
