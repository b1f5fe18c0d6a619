"""Fine-tunes the encoder on labelled rows.

    python train.py base.npz rows.jsonl model.npz [--more public.jsonl ...] [--unseen scores.bin]

A model can be the base of another training.

Rows are those that `guiju classifier rows` writes; those of `--more` are learnt from and nothing else. With `--unseen` the parts of the rows that `--folds`
names are scored by models trained on the other parts (rows of one theme are in one part), for calibration and for honest figures; the rest gets NaN. The
rows of `--more` that come from the same files (disguised ones) are left out of a part's training by their own `fold`.
"""

import argparse
import json
import math
import time

import numpy as np
import torch
from torch.nn import functional as F

import model as network
from pieces import Pieces, padded

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
BITS = np.arange(network.LABELS, dtype=np.uint32)


def read(path, pieces, most):
    rows = [json.loads(line) for line in open(path)]
    for row in rows:
        row["tokens"] = pieces.split(row["text"], most)
        row["asked"] = pieces.split(row["prompt"], most) if row["prompt"] else [-1]
    return rows


def bits(rows, name):
    numbers = np.array([row[name] for row in rows], np.uint32)
    return torch.tensor((numbers[:, None] >> BITS & 1).astype(np.float32), device=DEVICE)


def batch(rows):
    tokens = padded([row["tokens"] for row in rows], max(len(row["tokens"]) for row in rows))
    prompts = padded([row["asked"] for row in rows], max(len(row["asked"]) for row in rows))
    kinds = np.array([row["kind"] for row in rows])
    return [torch.tensor(array, dtype=torch.long, device=DEVICE) for array in (tokens, prompts, kinds)]


def batches(rows, size, random):
    """Rows of like length together, in random order."""
    order = random.permutation(len(rows))
    length = np.array([len(row["tokens"]) // 4 + 100 * (row["asked"] != [-1]) for row in rows])
    order = order[np.argsort(length[order], kind="stable")]
    groups = [order[at : at + size] for at in range(0, len(order), size)]
    return [[rows[at] for at in groups[group]] for group in random.permutation(len(groups))]


def rate(step, steps):
    """Warm up for a twentieth, then down along a cosine."""
    warm = steps // 20 + 1
    return step / warm if step < warm else 0.5 + 0.5 * math.cos(math.pi * (step - warm) / max(1, steps - warm))


def loss(model, rows, weight):
    labels, known = bits(rows, "labels"), bits(rows, "known")
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        scores = model(*batch(rows))
    each = F.binary_cross_entropy_with_logits(scores, labels, reduction="none") * torch.where(labels > 0, weight, 1.0)
    return (each * known).sum() / len(rows)


def tuner(model, args):
    named = model.named()
    head = [value for name, value in named.items() if name.startswith(("hidden", "out"))]
    vectors = [named["vectors"], named["positions"]]
    body = [value for name, value in named.items() if not name.startswith(("hidden", "out", "vectors", "positions"))]
    groups = [(head, args.head, args.decay), (body, args.body, args.decay), (vectors, args.vectors, 0.0)]
    return torch.optim.AdamW([{"params": params, "lr": peak, "peak": peak, "weight_decay": decay} for params, peak, decay in groups])


def learn(base, rows, args):
    torch.manual_seed(args.seed)
    random = np.random.default_rng(args.seed)
    model = network.Encoder(base, args.drop).to(DEVICE).train()
    adam, done = tuner(model, args), 0
    steps = args.epochs * -(-len(rows) // args.batch)
    for epoch in range(args.epochs):
        begun, losses = time.time(), []
        for group in batches(rows, args.batch, random):
            for params in adam.param_groups:
                params["lr"] = params["peak"] * rate(done, steps)
            value = loss(model, group, args.weight)
            adam.zero_grad(set_to_none=True)
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            losses.append(float(value))
            done += 1
            if done % 100 == 0:
                print(f"  step {done} of {steps}: loss {np.mean(losses[-100:]):.4f}, {time.time() - begun:.0f} s", flush=True)
        print(f"pass {epoch + 1}: loss {np.mean(losses):.4f}, {time.time() - begun:.0f} s", flush=True)
    return model.eval().cpu()


@torch.no_grad()
def score(model, rows):
    model.to(DEVICE).eval()
    out = np.zeros((len(rows), network.LABELS), np.float32)
    order = sorted(range(len(rows)), key=lambda at: (rows[at]["asked"] != [-1], len(rows[at]["tokens"])))
    for at in range(0, len(order), 64):
        group = order[at : at + 64]
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            out[group] = model(*batch([rows[n] for n in group])).cpu().numpy()
    return out


def auc(scores, holds):
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    yes = holds.sum()
    return (ranks[holds].sum() - yes * (yes + 1) / 2) / (yes * (len(holds) - yes))


def report(rows, scores):
    labels, known = bits(rows, "labels").cpu().numpy() > 0, bits(rows, "known").cpu().numpy() > 0
    enough = [n for n in range(network.LABELS) if labels[known[:, n], n].sum() >= 50]
    all_of = [auc(scores[known[:, n], n], labels[known[:, n], n]) for n in enough]
    print("AUC by label:", " ".join(f"{value:.3f}" for value in all_of), f"mean {np.mean(all_of):.4f}", flush=True)
    harmful = np.array([row["harmful"] for row in rows])
    print(f"harmful at all: AUC {auc(scores.max(1), harmful):.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("rows")
    parser.add_argument("out", help="the model, or - for none")
    parser.add_argument("--more", nargs="*", default=[])
    parser.add_argument("--unseen")
    parser.add_argument("--keep", help="where to keep the model of the last part, which has not seen what --more leaves out: to be measured")
    parser.add_argument("--folds", default="0")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--longest", type=int, default=80, help="most pieces of a row in training; the rest of it is not read")
    parser.add_argument("--head", type=float, default=1e-3)
    parser.add_argument("--body", type=float, default=3e-4)
    parser.add_argument("--vectors", type=float, default=3e-4)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--weight", type=float, default=2.0)
    parser.add_argument("--drop", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    base = network.load(args.base)
    names = {name: base.pop(name) for name in ("pieces", "scores")}
    pieces = Pieces(names["pieces"], names["scores"])
    rows = read(args.rows, pieces, args.longest)
    more = [row for path in args.more for row in read(path, pieces, args.longest)]
    own = {row["source"] for row in rows}
    if args.unseen:
        parts = np.array([row["fold"] for row in rows])
        scores = np.full((len(rows), network.LABELS), np.nan, np.float32)
        for fold in map(int, args.folds.split(",")):
            seen = [row for row in rows + more if row["source"] not in own or row["fold"] != fold]
            at = np.flatnonzero(parts == fold)
            model = learn(base, seen, args)
            scores[at] = score(model, [rows[n] for n in at])
            if args.keep:
                np.savez(args.keep, **names, **network.saved(model))
            report([rows[n] for n in at], scores[at])
        scores.tofile(args.unseen)
    if args.out != "-":
        np.savez(args.out, **names, **network.saved(learn(base, rows + more, args)))


if __name__ == "__main__":
    main()
