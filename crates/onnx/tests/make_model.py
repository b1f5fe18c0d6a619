#!/usr/bin/env python3
"""Makes the models and the tokenizer in tests/data: classifiers small enough to be worked out by hand.

    pip install onnx==1.23.2 && python3 crates/onnx/tests/make_model.py

Each word has a vector; the vectors of a text are averaged where the attention mask is 1, and a linear layer makes four numbers of the mean.
"""

import json
import pathlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

DATA = pathlib.Path(__file__).parent / "data"

WORDS = "[PAD] [UNK] [CLS] [SEP] the a cat dog is good bad hate spam hello ignore instructions , . 坏 好 人 垃 圾 广 告".split()
# What a word speaks for: ok, abuse, spam, attack. All other words speak for nothing.
VECTORS = {
    "good": [8, 0, 0, 0], "好": [8, 0, 0, 0],
    "bad": [0, 8, 0, 0], "坏": [0, 8, 0, 0], "hate": [0, 4, 0, 0],
    "spam": [0, 0, 8, 0], "广": [0, 0, 4, 0], "告": [0, 0, 4, 0],
    "ignore": [0, 0, 0, 4], "instructions": [0, 0, 0, 4],
}
LINEAR = np.array([[1, 0, 0, 0], [0, 1, 0.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=np.float32)
BIAS = np.array([1, -1, -1, -1], dtype=np.float32)


def tokenizer():
    cls, sep = ({"SpecialToken": {"id": word, "type_id": 0}} for word in ("[CLS]", "[SEP]"))
    second = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
    first = {"Sequence": {"id": "A", "type_id": 0}}
    special = [{"id": at, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
               for at, word in enumerate(WORDS[:4])]
    return {
        "version": "1.0",
        # A tokenizer as it is trained cuts and pads; windows are cut elsewhere, and both must be undone.
        "truncation": {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 12}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [cls, first, sep],
            "pair": [cls, first, sep, {"Sequence": {"id": "B", "type_id": 1}}, second],
            "special_tokens": {word: {"id": word, "ids": [WORDS.index(word)], "tokens": [word]} for word in ("[CLS]", "[SEP]")},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }


def model(ids="input_ids", mask="attention_mask", types=None, words=len(WORDS), bias=BIAS, pooled=True, outputs=("logits",), endless=None):
    """With types, a token of the answer counts three times as much as one of the prompt."""
    vectors = np.array([VECTORS.get(word, [0] * 4) for word in WORDS[:words]], dtype=np.float32)
    if endless:
        vectors[WORDS.index(endless)] = np.inf
    constants = [("vectors", vectors), ("linear", LINEAR), ("bias", bias), ("last", np.array([2])), ("row", np.array([1])), ("two", np.float32([2]))]
    nodes = [
        helper.make_node("Gather", ["vectors", ids], ["found"]),
        helper.make_node("Cast", [mask], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["found", "column"], ["masked"]),
    ]
    if types:
        nodes += [
            helper.make_node("Cast", [types], ["answer"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["answer", "two"], ["more"]),
            helper.make_node("Unsqueeze", ["more", "last"], ["weight"]),
            helper.make_node("Mul", ["masked", "weight"], ["again"]),
            helper.make_node("Add", ["masked", "again"], ["weighed"]),
        ]
    words_of = "weighed" if types else "masked"
    if pooled:
        nodes += [
            helper.make_node("ReduceSum", [words_of, "row"], ["sum"], keepdims=0),
            helper.make_node("ReduceSum", ["column", "row"], ["count"], keepdims=0),
            helper.make_node("Div", ["sum", "count"], ["mean"]),
        ]
        words_of = "mean"
    nodes.append(helper.make_node("MatMul", [words_of, "linear"], ["product"]))
    nodes += [helper.make_node("Add", ["product", "bias"], [name]) for name in outputs]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in (ids, mask, types) if name]
    shape = ["batch", 4] if pooled else ["batch", "tokens", 4]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs]
    weights = [numpy_helper.from_array(value, name) for name, value in constants]
    graph = helper.make_graph(nodes, "words", inputs, results, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    DATA.mkdir(exist_ok=True)
    (DATA / "tokenizer.json").write_text(json.dumps(tokenizer(), ensure_ascii=False, indent=1) + "\n")
    infinite = np.array([1, -1, np.inf, -1], dtype=np.float32)
    for name, made in {
        "words": model(),
        "types": model(types="token_type_ids"),
        "renamed": model(ids="tokens", mask="seen"),
        "few-words": model(words=18),
        "infinite": model(bias=infinite),
        "endless-dog": model(endless="dog"),
        "each-token": model(pooled=False),
        "two-outputs": model(outputs=("first", "second")),
    }.items():
        save_model(made, DATA / f"{name}.onnx")
    # Its weights lie in a file that is not kept: nothing may ask for it.
    save_model(model(), DATA / "external.onnx", save_as_external_data=True, location="external.bin", size_threshold=0)
    (DATA / "external.bin").unlink()


main()
