"""Spark with two executors, each a process of its own: the same findings."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import EXAMPLES, SAMPLE, SHARD_BYTES, Program, assert_same, texts

import guiju

pytest.importorskip("pyspark")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.authenticate": "true",
        "spark.authenticate.secret": os.urandom(32).hex(),
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("guiju")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def test_two_executors_find_what_the_program_finds(spark: Any, tmp_path: Path, corpus: Path, scanned: Path) -> None:
    import guiju.spark

    guiju.manifest(corpus, tmp_path, shard_bytes=SHARD_BYTES)
    summary = guiju.spark.scan_manifest(spark, tmp_path)
    assert summary["judged"] == 479
    assert_same(tmp_path, scanned)
    assert spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == 3, "two executors and the driver"
    # All is done: nothing is left to do, and nothing is done again.
    guiju.spark.scan_manifest(spark, tmp_path)
    assert_same(tmp_path, scanned)


def test_a_data_frame(spark: Any) -> None:
    import guiju.spark

    rows = texts(64)
    frame = spark.createDataFrame(pa.table({"n": range(64), "text": rows, "language": ["?"] * 64}))
    found = guiju.spark.scan(frame, keep=["n"]).collect()
    wanted = guiju.scanner().scan(pa.RecordBatch.from_pydict({"text": rows})).to_pylist()
    by_number = {row["n"]: row for row in found}
    assert [by_number[n]["decision"] for n in range(64)] == [row["decision"] for row in wanted]
    assert [bytes(by_number[n]["hash"]) for n in range(64)] == [row["hash"] for row in wanted]
    assert [[one.asDict() for one in by_number[n]["findings"]] for n in range(64)] == [row["findings"] for row in wanted]
    with pytest.raises(ValueError, match="prefix='guiju_'"):
        guiju.spark.scan(frame, keep=["language"])


def test_a_shard_that_cannot_be_scanned_is_named_and_stops_no_other(spark: Any, tmp_path: Path) -> None:
    import guiju.spark

    inputs = tmp_path / "in"
    inputs.mkdir()
    for name in ["a", "b", "c"]:
        (inputs / f"{name}.txt").write_text(f"第 {name} 行\n")
    guiju.manifest(inputs, tmp_path / "scan")
    (inputs / "b.txt").write_text("另一行\n")
    with pytest.raises(RuntimeError, match="(?s)1 shards.*shard 1: .*b.txt has changed"):
        guiju.spark.scan_manifest(spark, tmp_path / "scan")
    assert guiju.open_shards(tmp_path / "scan") == [1]


def test_the_example(spark: Any, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On the session that is there, as with spark-submit; it ends the session, so this test is the last."""
    command = ["spark_scan.py", str(SAMPLE), "--out", str(tmp_path / "scan"), "--shard-bytes", "9000"]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(EXAMPLES / "spark_scan.py"), run_name="__main__")
    assert "rows judged" in capsys.readouterr().out
    assert_same(tmp_path / "scan", program.scan(SAMPLE, "sample-spark", "--shard-bytes", "9000"))
