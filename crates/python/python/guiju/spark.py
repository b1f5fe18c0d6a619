"""Shards as tasks of Spark, and rows of a Spark data frame. Through data frames alone, so that Spark Connect can do it too."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from ._guiju import open_shards
from ._need import need
from ._scan import Detectors, Lang, Options, Path, left_over, merge, scan_shard, scanner
from ._tables import scan_beside

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType
    from typing_extensions import Unpack

def scan_manifest(spark: SparkSession, dir: Path, *, lang: Lang = "zh", **detectors: Unpack[Detectors]) -> dict[str, Any]:
    """Scans the open shards of the manifest in `dir`, a task each, and gives the summary.

    `dir` and the inputs must be the same, under the same paths, on all machines. A task that dies with its executor is tried again; interrupted, the
    same call goes on where it was. Raises RuntimeError when all that could be done is done and shards are left; it names them and why.
    """
    dir = os.path.abspath(dir)
    if shards := open_shards(dir):
        run = functools.partial(_shards, dir=dir, shards=tuple(shards), detectors=detectors)
        places = spark.range(0, len(shards), 1, numPartitions=len(shards))
        said = places.mapInArrow(run, "shard bigint, error string").filter("error is not null").collect()
        left_over(dir, [f"shard {row['shard']}: {row['error']}" for row in said])
    return merge(dir, lang=lang)


def scan(frame: DataFrame, *, keep: Sequence[str] = (), prefix: str = "", **options: Unpack[Options]) -> DataFrame:
    """The findings of a data frame's rows, with the columns of `keep` beside them to know the rows by."""
    text = options.get("text", "text")
    judged = functools.partial(_batches, keep=tuple(keep), prefix=prefix, options=options)
    # No other column than those that are asked for goes to Python.
    wanted = frame.select(*dict.fromkeys([text, *keep]))
    return wanted.mapInArrow(judged, _schema(frame, keep, prefix, options))


def _shards(
    batches: Iterable[pa.RecordBatch], *, dir: str, shards: tuple[int, ...], detectors: Detectors
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for place in batch.column(0).to_pylist():
            shard, error = shards[place], None
            try:
                scan_shard(dir, shard, **detectors)
            except (ValueError, OSError) as wrong:
                # Said to the driver, since a task that fails ends the whole job, and the other shards with it.
                error = str(wrong)
            yield pa.RecordBatch.from_pydict(
                {"shard": [shard], "error": [error]}, schema=pa.schema({"shard": pa.int64(), "error": pa.string()})
            )


def _batches(
    batches: Iterable[pa.RecordBatch], *, keep: tuple[str, ...], prefix: str, options: Options
) -> Iterator[pa.RecordBatch]:
    one = scanner(**options)
    for batch in batches:
        found = scan_beside(one, batch, keep, prefix)
        yield found.cast(pa.schema([field.with_type(_signed(field.type)) for field in found.schema]))


def _signed(kind: pa.DataType) -> pa.DataType:
    """Spark knows no unsigned numbers and no binaries of one length."""
    if pa.types.is_unsigned_integer(kind):
        return pa.int64()
    if pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_signed(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_signed(field.type)) for field in kind])
    return kind


def _schema(frame: DataFrame, keep: Sequence[str], prefix: str, options: Options) -> StructType:
    types = need("pyspark.sql.types", "spark")
    text = options.get("text", "text")
    # Names that clash, and options that are wrong, are said here and not by a worker.
    empty = pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in [text, *keep]})
    found = scan_beside(scanner(**options), empty, keep, prefix).schema
    added = [types.StructField(field.name, _spark(types, _signed(field.type)), True) for field in list(found)[len(keep) :]]
    return cast("StructType", types.StructType([*(frame.schema[name] for name in keep), *added]))


def _spark(types: Any, kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return types.ArrayType(_spark(types, kind.value_type))
    if pa.types.is_struct(kind):
        return types.StructType([types.StructField(field.name, _spark(types, field.type), True) for field in kind])
    simple = {pa.string(): types.StringType, pa.int64(): types.LongType, pa.float32(): types.FloatType, pa.binary(): types.BinaryType}
    return simple[kind]()
