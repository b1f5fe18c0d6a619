"""A scan of files, shard by shard, and the options that scanners are made with."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from . import _guiju

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Unpack

Path = str | os.PathLike[str]
"""Where a file is."""

Classifier = Literal["linear", "full", "off"]
"""The classifier: microseconds a row, milliseconds a row, none."""
Lang = Literal["zh", "en"]
"""The language of summary.html."""

MAX_SCANNERS = 4
"""Scanners that a process keeps: one has some 60 MB, and a process rarely needs a second."""


class Detectors(TypedDict, total=False):
    """What finds: with the same of all of these, the findings are the same."""

    lexicon: Path | None
    """Directory of a lexicon, or a compiled one; without it, the built-in lexicon."""
    policy: Path | None
    """Policy of the decisions (docs/formats/policy.md); without it, the built-in one."""
    classifier: Classifier
    """`linear` if not said, as in the program's `corpus scan`."""
    threads: int
    """Cores that one call uses: 1 if not said. The findings do not depend on it."""


class Options(Detectors, total=False):
    """What a :class:`Scanner` is made with."""

    text: str
    """Column of the text; in JSON lines a field or a JSON pointer. `text` if not said."""
    matched: bool
    """Whether findings keep the text they found. They are then to be guarded as the corpus is."""


class Record(TypedDict):
    """What was done with a shard (docs/formats/corpus-manifest.md)."""

    format: int
    manifest: str
    shard: int
    rows: int
    broken: int
    text_bytes: int
    findings: int
    decisions: dict[str, int]
    cut: NotRequired[str]
    sha256: str


@functools.lru_cache(maxsize=MAX_SCANNERS)
def _made(options: tuple[tuple[str, Any], ...]) -> _guiju.Scanner:
    return _guiju.Scanner(**dict(options))


def scanner(**options: Unpack[Options]) -> _guiju.Scanner:
    """The scanner of these options: made once in a process (half a second), the same one afterwards."""
    return _made(tuple(sorted(options.items())))


def manifest(
    paths: Path | Sequence[Path], out: Path, *, shard_bytes: int = _guiju.SHARD_BYTES, **options: Unpack[Options]
) -> int:
    """Cuts files and directories into shards and writes `out/manifest.json`; how many shards there are.

    If it is there already, of the same files and settings, it stays. Paths are made absolute, as other processes stand elsewhere: on all machines
    they must lead to the same files.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return scanner(**options).manifest(several, out, shard_bytes=shard_bytes)


def scan_shard(dir: Path, shard: int, **detectors: Unpack[Detectors]) -> Record:
    """Scans one shard of the manifest in `dir`, if it has no record yet, and gives its record.

    The unit of distribution: it may be called again, anywhere, by several at once; findings and record come out byte for byte the same. The
    detectors must be those that the manifest was made with.
    """
    return scanner(**detectors).scan_shard(dir, shard)


def merge(dir: Path, *, others: Sequence[Path] = (), lang: Lang = "zh") -> dict[str, Any]:
    """Takes over what `others` hold of the same manifest, writes summary.json, summary.html, broken.jsonl and duplicates.jsonl, and gives the summary."""
    return _guiju.merge(dir, others=list(others), lang=lang)


def left_over(dir: Path, failed: Sequence[str]) -> None:
    """Says which shards are left, if any are, and why."""
    if failed:
        more = f"\n… and {len(failed) - 20} more" if len(failed) > 20 else ""
        raise RuntimeError(
            f"{len(failed)} shards could not be scanned; the same call tries them again:\n" + "\n".join(failed[:20]) + more
        )
    if left := len(_guiju.open_shards(dir)):
        raise RuntimeError(f"{left} shards were scanned and are not in {dir}; is it the same directory on all machines?")
