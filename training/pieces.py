"""Text to numbers of pieces: unigram segmentation (Kudo 2018) of folded text, as `crates/detect/src/classifier/encoder/pieces.rs` does it."""

import numpy as np

SPACE = "▁"
UNKNOWN, BEGIN, END = 0, 1, 2
# What an unknown character costs beyond the rarest piece.
PENALTY = 10.0
# Most pieces of a text, with its beginning and end; longer texts are read in windows at run time, and only their beginning in training.
MOST = 128


class Pieces:
    def __init__(self, pieces, scores):
        self.number = {piece: number for number, piece in enumerate(pieces) if piece}
        self.scores = [float(score) for score in scores]
        self.longest = max(map(len, pieces))
        self.unknown = min(self.scores) - PENALTY

    def split(self, text, most=MOST):
        """The numbers of the pieces of a folded text, of a long one of its beginning: at most `most` with beginning and end."""
        text = SPACE + " ".join(text.split()).replace(" ", SPACE)
        best, came = [0.0] + [-1e30] * len(text), [(0, UNKNOWN)] * (len(text) + 1)
        for start in range(len(text)):
            single = False
            for end in range(start + 1, min(start + self.longest, len(text)) + 1):
                number = self.number.get(text[start:end])
                if number is None:
                    continue
                single |= end == start + 1
                score = best[start] + self.scores[number]
                if score > best[end]:
                    best[end], came[end] = score, (start, number)
            if not single and best[start] + self.unknown > best[start + 1]:
                best[start + 1], came[start + 1] = best[start] + self.unknown, (start, UNKNOWN)
        numbers, at = [], len(text)
        while at > 0:
            at, number = came[at]
            numbers.append(number)
        return [BEGIN] + numbers[::-1][: most - 2] + [END]


def padded(texts, length):
    """Numbers of pieces in one array, filled with -1."""
    out = np.full((len(texts), length), -1, np.int32)
    for row, numbers in zip(out, texts):
        row[: min(len(numbers), length)] = numbers[:length]
    return out
