"""Fine-tunes the encoder on labelled rows.

    python train.py base.npz rows.jsonl model.npz [--more public.jsonl] [--unseen scores.bin]

Rows are those that `guiju classifier rows` writes; those of `--more` are learnt from and nothing else. With `--unseen` the parts of the rows that `--folds`
names are also scored by models trained on the other parts (rows of one theme are in one part), for calibration and for honest figures; the rest gets NaN.
"""

import argparse
import json
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import model
from pieces import MOST, Pieces, padded

LENGTHS = (16, 24, 32, 48, 64, 96, MOST)
FOLDS = 4


def read(path, pieces):
    rows = [json.loads(line) for line in open(path)]
    for row in rows:
        row["tokens"] = pieces.split(row["text"])
        row["asked"] = pieces.split(row["prompt"]) if row["prompt"] else [-1]
    return rows


def bits(rows, name):
    numbers = np.array([row[name] for row in rows], np.uint32)
    return (numbers[:, None] >> np.arange(model.LABELS, dtype=np.uint32) & 1).astype(np.float32)


def batch(rows):
    length = max(max(len(row["tokens"]), len(row["asked"])) for row in rows)
    length = next(most for most in LENGTHS if most >= length)
    asked = any(row["asked"] != [-1] for row in rows)
    tokens = padded([row["tokens"] for row in rows], length)
    prompts = padded([row["asked"] for row in rows], length if asked else 1)
    return tokens, prompts, np.array([row["kind"] for row in rows])


def batches(rows, size, random):
    """Rows of like length together, in random order."""
    order = random.permutation(len(rows))
    length = np.array([len(row["tokens"]) // 4 + 100 * (row["asked"] != [-1]) for row in rows])
    order = order[np.argsort(length[order], kind="stable")]
    groups = [order[at : at + size] for at in range(0, len(order), size)]
    return [[rows[at] for at in groups[group]] for group in random.permutation(len(groups))]


def loss(params, tokens, prompts, kinds, labels, known, weight, key, drop):
    z = model.scores(params, tokens, prompts, kinds, key, drop)
    each = optax.sigmoid_binary_cross_entropy(z, labels) * jnp.where(labels > 0, weight, 1.0)
    return (each * known).sum() / len(tokens)


def learn(params, rows, args, seed):
    random, key = np.random.default_rng(seed), jax.random.PRNGKey(seed)
    steps = args.epochs * (len(rows) // args.batch + 1)
    rate = optax.warmup_cosine_decay_schedule(0.0, 1.0, steps // 10, steps)
    head = {"h_W", "h_b", "o_W", "o_b"}
    which = {name: "head" if name in head else "vectors" if name == "vectors" else "body" for name in params}
    make = lambda peak: optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(lambda step: peak * rate(step), weight_decay=args.decay))
    tuner = optax.multi_transform({"head": make(args.head), "body": make(args.body), "vectors": make(args.vectors)}, which)
    state = tuner.init(params)

    @jax.jit
    def step(params, state, key, tokens, prompts, kinds, labels, known):
        value, slope = jax.value_and_grad(loss)(params, tokens, prompts, kinds, labels, known, args.weight, key, args.drop)
        change, state = tuner.update(slope, state, params)
        return optax.apply_updates(params, change), state, value

    for epoch in range(args.epochs):
        begun, losses = time.time(), []
        for group in batches(rows, args.batch, random):
            key, now = jax.random.split(key)
            params, state, value = step(params, state, now, *batch(group), bits(group, "labels"), bits(group, "known"))
            losses.append(value)
        print(f"pass {epoch + 1}: loss {float(jnp.stack(losses).mean()):.4f}, {time.time() - begun:.0f} s", flush=True)
    return params


def score(params, rows):
    run = jax.jit(model.scores)
    out = np.zeros((len(rows), model.LABELS), np.float32)
    order = sorted(range(len(rows)), key=lambda at: (rows[at]["asked"] != [-1], len(rows[at]["tokens"])))
    for at in range(0, len(order), 128):
        group = order[at : at + 128]
        out[group] = run(params, *batch([rows[n] for n in group]))
    return out


def auc(scores, holds):
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    yes = holds.sum()
    return (ranks[holds].sum() - yes * (yes + 1) / 2) / (yes * (len(holds) - yes))


def report(rows, scores):
    labels = bits(rows, "labels") > 0
    known = bits(rows, "known") > 0
    all_of = [auc(scores[known[:, n], n], labels[known[:, n], n]) for n in range(model.LABELS) if labels[:, n].sum() >= 50]
    print("AUC by label:", " ".join(f"{value:.3f}" for value in all_of), f"mean {np.mean(all_of):.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("rows")
    parser.add_argument("out")
    parser.add_argument("--more")
    parser.add_argument("--unseen")
    parser.add_argument("--folds", default="0,1")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--head", type=float, default=1.5e-3)
    parser.add_argument("--body", type=float, default=4e-4)
    parser.add_argument("--vectors", type=float, default=4e-4)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--weight", type=float, default=2.0)
    parser.add_argument("--drop", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    base = np.load(args.base)
    pieces = Pieces(base["pieces"], base["scores"])
    rows = read(args.rows, pieces)
    more = read(args.more, pieces) if args.more else []
    parts = np.array([row["fold"] for row in rows])
    if args.unseen:
        scores = np.full((len(rows), model.LABELS), np.nan, np.float32)
        done = [int(fold) for fold in args.folds.split(",")]
        for fold in done:
            seen = [row for row in rows if row["fold"] != fold] + more
            params = learn(model.initial(base, args.seed), seen, args, args.seed)
            at = np.flatnonzero(parts == fold)
            scores[at] = score(params, [rows[n] for n in at])
            report([rows[n] for n in at], scores[at])
        at = np.flatnonzero(np.isin(parts, done))
        report([rows[n] for n in at], scores[at])
        scores.tofile(args.unseen)
    if args.out != "-":
        params = learn(model.initial(base, args.seed), rows + more, args, args.seed)
        np.savez(args.out, pieces=base["pieces"], scores=base["scores"], **{name: np.asarray(value) for name, value in params.items()})


if __name__ == "__main__":
    main()
