"""Public labelled sets as rows (docs/formats/rows.md), for training beside our own.

    python public.py DIR out.jsonl [--held HELD] [--seed 1]

DIR holds `NAME.jsonl.gz` with `text`, `lang`, `label`, `risk`, `risk_any`, `kind` and `split`. Sets are thinned to the numbers below, so that none outweighs
our own rows. Their dev halves and the sets of HELD_OUT go to the file HELD instead: no model sees them.
"""

import argparse
import gzip
import hashlib
import json
import random

# Most rows of each set. CC BY-SA sets are left out: what is trained on them could not be given on under our licence.
MOST = {
    "advbench": 399,
    "alpaca_zh": 2500,
    "bipia": 1300,
    "cold": 6000,
    "davidson_en": 2500,
    "halluqa": 500,
    "inthewild_jailbreak": 629,
    "jade": 3459,
    "laws": 2500,
}
# Whole sets that no model sees, so that there is something from other hands to measure by.
# Most harmless rows, of those not learnt from, with which thresholds are set.
CLEAN = {"alpaca_zh": 1500, "laws": 1000}
HELD_OUT = {"ailuminate": 1200, "chbias": 1000, "swsr": 2000, "xsafety": 5598}
# What the labels of xsafety say for certain; the others mix harmful and harmless questions.
XSAFETY = {"Goal_Hijacking": ["jailbreak"], "Prompt_Leaking": ["extraction"]}
KINDS = {"response": "answer"}
ALL = ["A1", "A2", "A3", "A4", "injection", "jailbreak", "extraction"]


def label(risk):
    return risk.replace(".", "")


def row(name, line):
    """The row of a line, or none where the label says too little."""
    text, risk = line["text"].strip(), line["risk"]
    any_of = [label(risk.lstrip("*")) for risk in line.get("risk_any") or []]
    out = {"text": text[:8000], "kind": KINDS.get(line["kind"], line["kind"]), "lang": line["lang"], "labels": [], "source": name}
    out["theme"] = f"{line['label']}"[:60]
    if not text or line["lang"] not in ("zh", "en"):
        return None
    if name == "inthewild_jailbreak":
        return out | {"labels": ["jailbreak"], "unknown": ["A"], "harmful": True}
    if name == "bipia" and line["label"].startswith("injection"):
        return out | {"labels": ["injection"], "unknown": ["jailbreak"], "harmful": True}
    if name == "xsafety":
        labels = XSAFETY.get(line["label"])
        return out | {"labels": labels, "unknown": ["A"], "harmful": True} if labels else None
    if name == "halluqa":
        return out | {"harmful": False}
    if risk == "benign":
        return out | {"harmful": False}
    if risk and label(risk).startswith("A5"):
        return None
    if risk:
        # Where one class is named, others of its section may hold as well.
        unknown = [label(risk)[:2]] + (["A4c", "A1"] if label(risk).startswith("A2") else ["A1", "A4"])
        return out | {"labels": [label(risk)], "unknown": unknown, "harmful": True}
    if any_of:
        return out | {"unknown": ALL[:4], "harmful": True}
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("out")
    parser.add_argument("--held")
    parser.add_argument("--clean")
    parser.add_argument("--lines", help="harmless texts, one a line, for --clean")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    learnt, held, clean = [], [], []
    for name, most in sorted((MOST | HELD_OUT).items()):
        lines = [json.loads(line) for line in gzip.open(f"{args.dir}/{name}.jsonl.gz", "rt")]
        rows = {"train": [], "dev": []}
        seen = set()
        for line in lines:
            made, key = row(name, line), hashlib.sha256(line["text"].encode()).digest()
            if made and key not in seen:
                seen.add(key)
                rows[line["split"]].append(made)
        for part in rows.values():
            draw.shuffle(part)
        if name in HELD_OUT:
            held += (rows["train"] + rows["dev"])[:most]
        else:
            learnt += rows["train"][:most]
            clean += [made for made in rows["train"][most:] if not made["harmful"]][: CLEAN.get(name, 0)]
            held += rows["dev"][:1000]
    for line in open(args.lines).read().splitlines() if args.lines else []:
        lang = "zh" if any("\u4e00" <= c <= "\u9fff" for c in line) else "en"
        made = {"text": line, "lang": lang, "labels": [], "harmful": False, "source": "clean", "theme": ""}
        clean += [made | {"kind": "text"}, made | {"kind": "answer"}]
    for path, rows in ((args.out, learnt), (args.held, held), (args.clean, clean)):
        if path:
            with open(path, "w") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            print(f"{path}: {len(rows)} rows")


if __name__ == "__main__":
    main()
