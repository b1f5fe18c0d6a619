"""The part in Rust. Errors: a file that cannot be read or written is an OSError; whatever else is wrong a ValueError that says what to do."""

from collections.abc import Sequence
from os import PathLike
from typing import Any, Protocol, final

import pyarrow as pa

from ._scan import Classifier, Lang, Options, Record

class _ArrowArray(Protocol):
    """A record batch of any library: the Arrow PyCapsule interface, a struct array."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

__all__ = ["SHARD_BYTES", "Scanner", "__version__", "merge", "open_shards"]

__version__: str
SHARD_BYTES: int

@final
class Scanner:
    """Judges training data. Threads may share one; pickled, it is made again from its options."""

    def __new__(
        cls,
        *,
        lexicon: str | PathLike[str] | None = None,
        policy: str | PathLike[str] | None = None,
        classifier: Classifier = "linear",
        text: str = "text",
        matched: bool = False,
        threads: int = 1,
    ) -> Scanner: ...
    @property
    def versions(self) -> list[str]: ...
    def scan(self, batch: pa.RecordBatch | _ArrowArray, *, first: int = 1) -> pa.RecordBatch: ...
    def manifest(self, paths: Sequence[str | PathLike[str]], out: str | PathLike[str], *, shard_bytes: int = ...) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], Options]: ...
    def scan_shard(self, dir: str | PathLike[str], shard: int) -> Record: ...

def open_shards(dir: str | PathLike[str]) -> list[int]: ...
def merge(dir: str | PathLike[str], *, others: Sequence[str | PathLike[str]] = ..., lang: Lang = "zh") -> dict[str, Any]: ...
