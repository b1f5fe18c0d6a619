"""Rows in memory."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Program, texts

import guiju


@pytest.fixture(scope="module")
def scanner() -> guiju.Scanner:
    return guiju.scanner()


def batch(rows: Sequence[str | None], kind: pa.DataType | None = None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"id": list(range(len(rows))), "text": pa.array(rows, kind or pa.string())})


def test_findings_are_those_of_the_program_row_for_row(scanner: guiju.Scanner, corpus: Path, program: Program) -> None:
    whole = program.scan(corpus, "whole")
    wanted = pq.read_table(whole / "shards" / "000002.findings.parquet")
    assert wanted.num_rows == 240 and len(wanted["findings"].combine_chunks().flatten()) > 100
    rows = pq.read_table(corpus / "c.parquet").combine_chunks().to_batches()[0]
    found = scanner.scan(rows)
    assert pa.Table.from_batches([found]).equals(wanted.combine_chunks())
    # From a place in the middle, in whatever Arrow holds text in.
    kinds = [pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]
    for kind in kinds:
        piece = batch(rows.column("text").to_pylist(), kind).slice(100, 50)
        assert scanner.scan(piece, first=101).equals(found.slice(100, 50)), kind


def test_the_single_programs_detectors(scanner: guiju.Scanner, scanned: Path) -> None:
    assert f'"{scanner.versions[-1]}"' in (scanned / "manifest.json").read_text()


def test_policy_and_matched(tmp_path: Path) -> None:
    rows = batch(texts(8))
    plain, kept = guiju.Scanner().scan(rows), guiju.Scanner(matched=True).scan(rows)
    matched = [finding["matched"] for row in kept["findings"].to_pylist() for finding in row]
    assert "13812345678" in matched
    assert {finding["matched"] for row in plain["findings"].to_pylist() for finding in row} == {None}
    built_in = Path(__file__).parents[2] / "detect/data/policy.toml"
    assert guiju.Scanner(policy=built_in).versions == guiju.scanner().versions
    policy = tmp_path / "policy.toml"
    policy.write_text(built_in.read_text().replace('"refuse"', '"hold"'))
    strict, mild = plain["decision"].to_pylist(), guiju.Scanner(policy=policy).scan(rows)["decision"].to_pylist()
    assert "refuse" in strict and mild == ["hold" if decision == "refuse" else decision for decision in strict]
    policy.write_text("no policy")
    with pytest.raises(ValueError, match="policy.toml: "):
        guiju.Scanner(policy=policy)
    with pytest.raises(FileNotFoundError, match="nowhere.toml"):
        guiju.Scanner(policy=tmp_path / "nowhere.toml")


def test_threads_share_one_and_find_the_same(scanner: guiju.Scanner) -> None:
    rows = batch(texts(160))
    wanted = scanner.scan(rows)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(scanner.scan, [rows] * 16):
            assert found.equals(wanted)
    assert guiju.Scanner(threads=3).scan(rows).equals(wanted)


def test_the_interpreter_goes_on_meanwhile(scanner: guiju.Scanner) -> None:
    rows, over = batch(texts(1_600)), threading.Event()
    counts = [0]

    def count() -> None:
        while not over.wait(0.001):
            counts[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    scanner.scan(rows)
    during = counts[0] - before
    over.set()
    thread.join()
    assert during >= 5, "the lock was held all the time"


def test_nothing_is_copied_on_the_way_in_or_out(scanner: guiju.Scanner) -> None:
    rows = batch(texts(4_000))
    assert rows.nbytes > 200_000
    before = pa.total_allocated_bytes()
    found = scanner.scan(rows)
    # Whatever pyarrow held of its own would be counted.
    assert found.nbytes > 500_000 and pa.total_allocated_bytes() - before < 10_000
    del rows
    assert found["decision"].to_pylist()[1] == "refuse"


def test_another_process_gets_its_own(tmp_path: Path) -> None:
    one = guiju.Scanner(text="body", matched=True, classifier="off", threads=2)
    other = pickle.loads(pickle.dumps(one))
    assert other.versions == one.versions != guiju.scanner().versions
    rows = batch(texts(8)).rename_columns(["id", "body"])
    assert other.scan(rows).equals(one.scan(rows))


class Foreign:
    """A record batch of a library that is not pyarrow."""

    def __init__(self, rows: pa.RecordBatch) -> None:
        self.rows = rows

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        capsules: tuple[object, object] = self.rows.__arrow_c_array__(requested_schema)
        return capsules


def test_whatever_has_the_arrow_interface(scanner: guiju.Scanner) -> None:
    rows = batch(texts(16))
    assert scanner.scan(Foreign(rows)).equals(scanner.scan(rows))
    assert scanner.scan(rows.slice(0, 0)).num_rows == 0


def test_bad_input_says_what_to_do(scanner: guiju.Scanner) -> None:
    with pytest.raises(ValueError, match="no column 'text'; there are: id, body"):
        scanner.scan(batch(["x"]).rename_columns(["id", "body"]))
    with pytest.raises(ValueError, match="'text' holds no text but Int64"):
        scanner.scan(pa.RecordBatch.from_pydict({"text": [1, 2]}))
    with pytest.raises(TypeError, match="not Table; of a table give to_batches"):
        scanner.scan(pa.table({"text": ["x"]}))
    with pytest.raises(TypeError, match="not str"):
        scanner.scan("x")
    with pytest.raises((TypeError, ValueError), match="(?i)struct"):
        scanner.scan(pa.array(["x"]))
    # Bytes that are no UTF-8 in a column that says it is: refused; in a column of binary: broken rows, and no other is lost.
    bad = pa.array([b"ab\xff", b"plain"], pa.binary())
    with pytest.raises(ValueError, match="given as binary"):
        scanner.scan(pa.RecordBatch.from_pydict({"text": bad.view(pa.string())}))
    found = scanner.scan(pa.RecordBatch.from_pydict({"text": bad}))
    assert found["broken"].to_pylist() == ["not-utf8", None]
    for wrong, words in [({"classifier": "big"}, "big"), ({"text": ""}, "no name"), ({"threads": 0}, "threads=0"), ({"lexicon": "/nowhere"}, "nowhere")]:
        with pytest.raises(ValueError, match=words):
            guiju.Scanner(**wrong)  # type: ignore[arg-type]
