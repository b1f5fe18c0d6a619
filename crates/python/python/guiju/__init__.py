"""规矩 Guiju: training data judged in Python, as `guiju corpus scan` judges it.

Rows in memory: :class:`Scanner`, :mod:`guiju.pandas`, :mod:`guiju.polars`. Files of any size: :func:`manifest` cuts them into shards, any number of
processes and machines call :func:`scan_shard` (:mod:`guiju.ray` and :mod:`guiju.spark` do), and :func:`merge` sums up. The directory is that of the
single program: `guiju corpus apply`, `explain`, `merge` and `check` read it. See docs/python.md.
"""

from ._guiju import SHARD_BYTES, Scanner, __version__, open_shards
from ._scan import Detectors, Options, Record, manifest, merge, scan_shard, scanner

__all__ = [
    "SHARD_BYTES",
    "Detectors",
    "Options",
    "Record",
    "Scanner",
    "__version__",
    "manifest",
    "merge",
    "open_shards",
    "scan_shard",
    "scanner",
]
