"""Files of any size, shard by shard, by several processes."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SHARD_BYTES, assert_same

import guiju


def all_open(dir: str) -> None:
    for shard in guiju.open_shards(dir):
        guiju.scan_shard(dir, shard)


def test_shards_by_hand_are_those_of_the_program(tmp_path: Path, corpus: Path, scanned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # From another directory, by another path: a manifest names files as all processes can find them.
    monkeypatch.chdir(corpus.parent)
    shards = guiju.manifest(corpus.name, tmp_path, shard_bytes=SHARD_BYTES)
    assert shards == len(guiju.open_shards(tmp_path)) > 20
    assert guiju.manifest([Path(corpus.name)], tmp_path, shard_bytes=SHARD_BYTES) == shards
    record = guiju.scan_shard(tmp_path, 3)
    assert (record["shard"], record["broken"]) == (3, 0) and record["rows"] > 0 and len(record["sha256"]) == 64
    assert 3 not in guiju.open_shards(tmp_path)
    assert guiju.scan_shard(tmp_path, 3) == record
    all_open(str(tmp_path))
    summary = guiju.merge(tmp_path)
    assert (summary["judged"], summary["broken"]) == (479, 4)
    assert_same(tmp_path, scanned)


def test_several_processes_and_one_that_is_killed(tmp_path: Path, corpus: Path, scanned: Path) -> None:
    guiju.manifest(corpus, tmp_path, shard_bytes=SHARD_BYTES)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_shards import all_open; all_open({str(tmp_path)!r})"
    victim = subprocess.Popen([sys.executable, "-c", code])
    while not list(tmp_path.glob("shards/*.json")):
        assert victim.poll() is None
        time.sleep(0.002)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    left = guiju.open_shards(tmp_path)
    assert left, "it was done before it was killed"
    # All of them go for the same shards at the same time.
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=all_open, args=(str(tmp_path),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    guiju.merge(tmp_path)
    assert_same(tmp_path, scanned)


def test_what_other_machines_did_is_taken_over(tmp_path: Path, corpus: Path, scanned: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    guiju.manifest(corpus, here, shard_bytes=SHARD_BYTES)
    guiju.manifest(corpus, there, shard_bytes=SHARD_BYTES)
    for shard in guiju.open_shards(here):
        guiju.scan_shard(here if shard % 2 else there, shard)
    summary = guiju.merge(here)
    assert summary["shards"][1] == len(guiju.open_shards(there))
    assert guiju.merge(here, others=[there])["shards"] == [summary["shards"][0]] * 2
    assert_same(here, scanned)


def test_the_program_goes_on_with_what_python_began(tmp_path: Path, corpus: Path, binary: str, scanned: Path) -> None:
    guiju.manifest(corpus, tmp_path, shard_bytes=SHARD_BYTES)
    for shard in guiju.open_shards(tmp_path)[:5]:
        guiju.scan_shard(tmp_path, shard)
    command = [binary, "corpus", "scan", str(corpus), "--out", str(tmp_path), "--shard-bytes", str(SHARD_BYTES)]
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert_same(tmp_path, scanned)


def test_bad_input_says_what_to_do(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(ValueError, match="holds no scan; guiju.manifest"):
        guiju.open_shards(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        guiju.manifest(tmp_path / "nowhere", tmp_path / "out")
    inputs = tmp_path / "in"
    shutil.copytree(corpus, inputs)
    dir = tmp_path / "scan"
    guiju.manifest(inputs, dir, shard_bytes=SHARD_BYTES)
    with pytest.raises(ValueError, match="2000 bytes, not 3000"):
        guiju.manifest(inputs, dir, shard_bytes=3_000)
    with pytest.raises(ValueError, match="other detectors"):
        guiju.scan_shard(dir, 0, classifier="off")
    with pytest.raises(ValueError, match="no shard 999: the manifest has"):
        guiju.scan_shard(dir, 999)
    with open(inputs / "a.jsonl", "r+b") as file:
        file.write(b'{"id": 1')
    with pytest.raises(ValueError, match="has changed since the manifest was made"):
        guiju.scan_shard(dir, 0)
    os.remove(inputs / "a.jsonl")
    with pytest.raises(FileNotFoundError, match="a.jsonl"):
        guiju.scan_shard(dir, 0)
    assert 0 in guiju.open_shards(dir)
