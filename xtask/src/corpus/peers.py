"""Operators of other tools over the same texts, in MB a CPU second: `peers.py TEXTS WORDS ROUNDS`.

TEXTS is JSON lines with `text`, WORDS a keyword a line. Only the operator is timed, not the start of its tool nor its reading and writing;
what cannot be imported, or asks for the network, is said to be absent.
"""

import json
import re
import statistics
import sys
import time


def timed(name, texts, rounds, work):
    size = sum(len(text.encode()) for text in texts)
    costs = []
    for _ in range(rounds):
        begun = time.process_time()
        found = sum(1 for text in texts if work(text))
        costs.append(size / 1e6 / (time.process_time() - begun))
    low, middle, high = min(costs), statistics.median(costs), max(costs)
    print(f"{name:58} {middle:8.2f} ({low:.2f}-{high:.2f}) MB/CPU s, {found} of {len(texts)} rows", flush=True)


def datatrove_words(words):
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4BadWordsFilter

    judge = C4BadWordsFilter(default_language="zh")
    # Its own way with Chinese words, with our list in place of the one that it would fetch.
    judge._badwords_regex["zh"] = re.compile("|".join(re.escape(word) for word in words))
    return lambda text: judge.filter(Document(text=text, id="")) is not True


def datatrove_personal(_):
    from datatrove.pipeline.formatters.pii import PIIFormatter

    formatter = PIIFormatter()
    return lambda text: formatter.format(text) != text


# How much of the texts each reads: the first manages a tenth of a megabyte a second.
PEERS = [
    ("datatrove C4BadWordsFilter, the same keywords", datatrove_words, 200_000),
    ("datatrove PIIFormatter (e-mail, public IP)", datatrove_personal, 3_000_000),
]


def main():
    path, words, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    texts = [json.loads(line)["text"] for line in open(path, encoding="utf-8")]
    words = [line.rstrip("\n") for line in open(words, encoding="utf-8")]
    for name, peer, most in PEERS:
        try:
            work = peer(words)
            work("一 word")
        except Exception as error:
            print(f"{name:58} absent: {str(error).splitlines()[0] if str(error) else type(error).__name__}", flush=True)
            continue
        some, size = [], 0
        for text in texts:
            if size >= most:
                break
            some.append(text)
            size += len(text.encode())
        timed(name, some, rounds, work)


main()
