"""Scans a corpus on a Ray cluster, a task for each shard; killed at any time, the same command goes on.

    pip install 'guiju[ray]'
    export RAY_AUTH_MODE=token
    ray get-auth-token --generate          # once; copy ~/.ray/auth_token to every machine, readable by nobody else
    ray start --head                       # on one machine; `ray start --address=HEAD:6379` on the others
    python examples/ray_scan.py /shared/corpus --out /shared/scan --address HEAD:6379

Corpus and --out lie under the same paths on all machines. Without --address, Ray starts on this machine alone.
"""

import argparse
import os

# Before Ray is imported: a cluster without a token runs the code of whoever reaches its port.
os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray  # noqa: E402

import guiju  # noqa: E402
import guiju.ray  # noqa: E402

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("paths", nargs="+", help="files and directories")
options.add_argument("--out", required=True, help="directory of the findings")
options.add_argument("--text", default="text", help="field, column or JSON pointer of the text")
options.add_argument("--shard-bytes", type=int, default=guiju.SHARD_BYTES, help="bytes of plain text in a shard")
options.add_argument("--address", help="of the cluster's head")
args = options.parse_args()

shards = guiju.manifest(args.paths, args.out, shard_bytes=args.shard_bytes, text=args.text)
print(f"shards {shards}, open {len(guiju.open_shards(args.out))}")
if args.address:
    ray.init(args.address, log_to_driver=False)
else:
    ray.init("local", include_dashboard=False, log_to_driver=False)
summary = guiju.ray.scan(args.out)
print(f"rows judged {summary['judged']}, not readable {summary['broken']}, suspected A1 to A4 {summary['suspected']['rows']}")
for decision in summary["decisions"]:
    print(f"  {decision['id']:8} {decision['rows']}")
print(os.path.join(args.out, "summary.html"))
