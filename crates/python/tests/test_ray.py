"""A cluster of two nodes on loopback, with Ray's token authentication on: the same findings, and a node that is killed changes nothing."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import EXAMPLES, SAMPLE, SHARD_BYTES, Program, assert_same, texts

import guiju

# A path of a socket has at most 107 bytes, and Ray puts 60 of its own behind this one.
DIR = Path("/tmp") / f"gr{os.getpid()}"
TOKEN = DIR / "token"
# Ray reads these when it is imported.
os.environ.update(
    {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(TOKEN),
        "RAY_enable_metrics_collection": "false",
        # A node that does not answer is given up after 4 s, not 15.
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_failure_threshold": "4",
    }
)
ray = pytest.importorskip("ray")

# Ray takes 127.0.0.1 for the machine's own address, and two raylets need two.
HEAD, WORKER = "127.0.0.2", "127.0.0.3"
OBJECT_STORE_BYTES = 80_000_000
"""The least that Ray takes: records are small, and documents do not go through it."""


def free_port(host: str) -> int:
    with socket.socket() as one:
        one.bind((host, 0))
        port: int = one.getsockname()[1]
        return port


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.05)


def children(pid: int) -> dict[int, str]:
    """The processes that a process started, with their names."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == pid:
                    found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


class Node:
    """A node of the cluster."""

    def __init__(self, *options: str) -> None:
        ray_command = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1", "--disable-usage-stats"]
        self.log = open(DIR / f"node-{time.monotonic_ns()}.log", "wb")
        store = f"--object-store-memory={OBJECT_STORE_BYTES}"
        self.process = subprocess.Popen([*ray_command, store, *options], stdout=self.log, stderr=self.log)

    def raylet(self) -> int | None:
        """Its raylet, once it is there."""
        return next((pid for pid, name in children(self.process.pid).items() if "/raylet " in name), None)

    def kill(self) -> None:
        """As when a machine loses its power: the raylet first, so that nobody says goodbye."""
        raylet = self.raylet()
        workers = list(children(raylet)) if raylet else []
        for pid in [raylet, *workers, *children(self.process.pid), self.process.pid]:
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


class Cluster:
    def __init__(self) -> None:
        self.address = f"{HEAD}:{free_port(HEAD)}"
        port = self.address.rsplit(":", 1)[1]
        self.head = Node("--head", f"--node-ip-address={HEAD}", f"--port={port}", "--include-dashboard=false", f"--temp-dir={DIR}")
        self.nodes = [self.head]

    def start(self) -> None:
        until(self.head.raylet, 60, "a head")
        self.worker = Node(f"--address={self.address}", f"--node-ip-address={WORKER}")
        self.nodes.append(self.worker)
        ray.init(address=self.address, _node_ip_address=HEAD, log_to_driver=False)
        until(lambda: len(self.alive()) == 2, 60, "two nodes")

    def alive(self) -> set[str]:
        return {node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}

    def stop(self) -> None:
        ray.shutdown()
        for node in reversed(self.nodes):
            node.kill()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    DIR.mkdir()
    TOKEN.write_text(os.urandom(32).hex())
    TOKEN.chmod(0o600)
    one = Cluster()
    try:
        one.start()
        yield one
    finally:
        one.stop()
        subprocess.run(["rm", "-rf", str(DIR)], check=True)


def test_two_nodes_find_what_the_program_finds(cluster: Cluster, tmp_path: Path, corpus: Path, scanned: Path) -> None:
    import guiju.ray

    guiju.manifest(corpus, tmp_path, shard_bytes=SHARD_BYTES)
    assert cluster.alive() == {HEAD, WORKER}
    summary = guiju.ray.scan(tmp_path)
    assert summary["judged"] == 479
    assert_same(tmp_path, scanned)


def test_without_the_token_nobody_gets_in(cluster: Cluster) -> None:
    code = f"import ray; ray.init(address='{cluster.address}', _node_ip_address='{HEAD}', log_to_driver=False); print(ray.nodes())"
    without = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    wrong = without | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
    # Both at once: Ray tries for a while before it gives up.
    start = functools.partial(subprocess.Popen, [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for run in [start(env=environment) for environment in (without, wrong)]:
        said, errors = run.communicate(timeout=120)
        assert run.returncode != 0 and HEAD not in said, said
        assert "auth" in errors.lower() or "token" in errors.lower(), errors


def test_a_dataset(cluster: Cluster) -> None:
    import ray.data

    import guiju.ray

    rows = texts(64)
    ray.data.DataContext.get_current().enable_progress_bars = False
    dataset = ray.data.from_arrow(pa.table({"n": range(64), "text": rows, "language": ["?"] * 64}))
    found = guiju.ray.map_batches(dataset, keep=["n"], batch_size=16).take_all()
    wanted = guiju.scanner().scan(pa.RecordBatch.from_pydict({"text": rows})).to_pylist()
    by_number = {row["n"]: row for row in found}
    assert [by_number[n]["decision"] for n in range(64)] == [row["decision"] for row in wanted]
    assert [by_number[n]["hash"] for n in range(64)] == [row["hash"] for row in wanted]
    with pytest.raises(Exception, match="prefix='guiju_'"):
        guiju.ray.map_batches(dataset, keep=["language"]).take_all()
    assert "guiju_language" in guiju.ray.map_batches(dataset, keep=["language"], prefix="guiju_").take(1)[0]


def test_a_shard_that_cannot_be_scanned_is_named_and_stops_no_other(cluster: Cluster, tmp_path: Path) -> None:
    import guiju.ray

    inputs = tmp_path / "in"
    inputs.mkdir()
    for name in ["a", "b", "c"]:
        (inputs / f"{name}.txt").write_text(f"第 {name} 行\n")
    guiju.manifest(inputs, tmp_path / "scan")
    (inputs / "b.txt").write_text("另一行\n")
    with pytest.raises(RuntimeError, match="(?s)1 shards.*shard 1: .*b.txt has changed"):
        guiju.ray.scan(tmp_path / "scan")
    assert guiju.open_shards(tmp_path / "scan") == [1]
    (inputs / "b.txt").write_text("第 b 行\n")
    assert guiju.ray.scan(tmp_path / "scan")["judged"] == 3


def test_the_example(tmp_path: Path, program: Program) -> None:
    """On this machine alone, as who tries it first does; it makes its own token."""
    dir = Path("/tmp") / f"ge{os.getpid()}"
    environment = os.environ | {"HOME": str(tmp_path), "RAY_TMPDIR": str(dir), "RAY_DEFAULT_OBJECT_STORE_MEMORY_PROPORTION": "0.01"}
    for name in [name for name in environment if name.startswith("RAY_AUTH")]:
        del environment[name]
    command = [sys.executable, str(EXAMPLES / "ray_scan.py"), str(SAMPLE), "--out", str(tmp_path / "scan"), "--shard-bytes", "9000"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)
    subprocess.run(["rm", "-rf", str(dir)], check=True)
    assert run.returncode == 0 and "rows judged" in run.stdout, run.stdout + run.stderr
    assert_same(tmp_path / "scan", program.scan(SAMPLE, "sample-ray", "--shard-bytes", "9000"))


def test_a_node_that_is_killed_changes_nothing(cluster: Cluster, tmp_path: Path, program: Program) -> None:
    import guiju.ray

    # The classifier that takes milliseconds a row, so that there is a middle to kill in.
    detectors: guiju.Detectors = {"classifier": "full"}
    corpus = tmp_path / "in.jsonl"
    corpus.write_text("".join(f'{{"text": "{text * 6}"}}\n' for text in texts(600) if '"' not in text and "\n" not in text))
    wanted = program.scan(corpus, "killed", "--classifier", "full", "--shard-bytes", "6000")
    dir = tmp_path / "scan"
    shards = guiju.manifest(corpus, dir, shard_bytes=6_000, **detectors)
    summaries: list[object] = []
    job = threading.Thread(target=lambda: summaries.append(guiju.ray.scan(dir, **detectors)))
    job.start()
    raylet = cluster.worker.raylet()
    assert raylet

    def both_at_work() -> bool:
        return any("_shard" in name for name in children(raylet).values()) and len(guiju.open_shards(dir)) < shards - 4

    until(both_at_work, 120, "both nodes at work")
    cluster.worker.kill()
    left = len(guiju.open_shards(dir))
    assert 0 < left < shards, "it was not in the middle"
    print(f"killed with {left} of {shards} shards open")
    job.join(timeout=180)
    assert not job.is_alive() and summaries
    assert_same(dir, wanted)
    until(lambda: cluster.alive() == {HEAD}, 60, "Ray knows of the loss")
