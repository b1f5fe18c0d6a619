"""Puts the checks of both SDKs into one table and holds it against docs/gateway.md: table.py DOC PYTHON NODE."""
import sys

BEGIN, END = "<!-- conformance: .ci/openai-sdks -->", "<!-- /conformance -->"


def checks(path):
    lines = (line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8") if line.startswith(("ok\t", "FAIL\t")))
    return {name: word for word, name in lines}


document, python, node = open(sys.argv[1], encoding="utf-8").read(), checks(sys.argv[2]), checks(sys.argv[3])
cell = {"ok": "yes", "FAIL": "FAILS", None: "-"}
rows = [f"| {name} | {cell[python.get(name)]} | {cell[node.get(name)]} |" for name in [*python, *(name for name in node if name not in python)]]
table = "\n".join(["| endpoint | feature | Python | Node |", "|---|---|---|---|", *rows])
print(table)
written = document.partition(BEGIN)[2].partition(END)[0].strip()
if written != table:
    sys.exit(f"docs/gateway.md says another table between `{BEGIN}` and `{END}`; put the one above there")
print(f"{len(rows)} rows; {sum(w == 'ok' for w in [*python.values(), *node.values()])} checks passed")
