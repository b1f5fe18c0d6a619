"""Shards as tasks of Ray Core, and an adapter for those who have a Ray Dataset.

Tasks, not Ray Data's own reader: a reader's listing actor that is lost with its node ends the whole job, a task is tried again elsewhere.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ._guiju import open_shards
from ._need import need
from ._scan import Detectors, Lang, Options, Path, Record, left_over, merge, scan_shard, scanner
from ._tables import scan_beside

if TYPE_CHECKING:
    import ray.data
    from typing_extensions import Unpack

IN_FLIGHT = 1000
"""Tasks that Ray is given at once: enough for a cluster that grows with demand to see it, few enough for the driver's memory."""


def scan(
    dir: Path, *, max_retries: int = 5, lang: Lang = "zh", **detectors: Unpack[Detectors]
) -> dict[str, Any]:
    """Scans the open shards of the manifest in `dir`, a task each, and gives the summary.

    `dir` and the inputs must be the same, under the same paths, on all nodes. A task that dies with its node is tried again, up to `max_retries`
    times. `len(guiju.open_shards(dir))` says how far it is; interrupted, the same call goes on where it was.

    Raises RuntimeError when all that could be done is done and shards are left; it names them and why.
    """
    ray = need("ray", "ray")
    dir = os.path.abspath(dir)
    task = ray.remote(num_cpus=detectors.get("threads", 1), max_retries=max_retries)(_shard)
    waiting = iter(open_shards(dir))
    running: dict[Any, int] = {}
    failed: list[str] = []
    while True:
        for shard in waiting:
            running[task.remote(dir, shard, detectors)] = shard
            if len(running) >= IN_FLIGHT:
                break
        if not running:
            break
        done, _ = ray.wait(list(running))
        for reference in done:
            shard = running.pop(reference)
            try:
                ray.get(reference)
            except ray.exceptions.RayError as error:
                failed.append(f"shard {shard}: {_reason(error)}")
    left_over(dir, failed)
    return merge(dir, lang=lang)


def map_batches(
    dataset: ray.data.Dataset,
    *,
    keep: Sequence[str] = (),
    prefix: str = "",
    batch_size: int | None = 1024,
    **options: Unpack[Options],
) -> ray.data.Dataset:
    """The findings of a Dataset's rows, with the columns of `keep` beside them to know the rows by.

    For those who have a Dataset already. What a node takes with it when it goes, Ray Data makes again if it can; :func:`scan` resumes by shards.
    """
    judged = functools.partial(_table, keep=tuple(keep), prefix=prefix, options=options)
    return dataset.map_batches(judged, batch_format="pyarrow", batch_size=batch_size, zero_copy_batch=True)


def _shard(dir: str, shard: int, detectors: Detectors) -> Record:
    return scan_shard(dir, shard, **detectors)


def _reason(error: Exception) -> str:
    cause = getattr(error, "cause", None)
    return f"{cause or error}".strip()


def _table(table: pa.Table, *, keep: tuple[str, ...], prefix: str, options: Options) -> pa.Table:
    one = scanner(**options)
    batches = [scan_beside(one, batch, keep, prefix) for batch in table.combine_chunks().to_batches()]
    return pa.Table.from_batches(batches or [scan_beside(one, pa.RecordBatch.from_pylist([], schema=table.schema), keep, prefix)])
