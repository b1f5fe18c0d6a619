"""Scans a corpus on Spark, a task for each shard; killed at any time, the same command goes on.

    pip install 'guiju[spark]'             # on every machine; Java 17 or 21
    spark-submit --master spark://HEAD:7077 --conf spark.authenticate=true --conf spark.authenticate.secret=SECRET \\
        examples/spark_scan.py /shared/corpus --out /shared/scan

Corpus and --out lie under the same paths on all machines. `python examples/spark_scan.py …` runs it on this machine alone.
"""

import argparse
import os
import sys

from pyspark.sql import SparkSession

import guiju
import guiju.spark

# The workers' Python is this one, as guiju is installed in it.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("paths", nargs="+", help="files and directories")
options.add_argument("--out", required=True, help="directory of the findings")
options.add_argument("--text", default="text", help="field, column or JSON pointer of the text")
options.add_argument("--shard-bytes", type=int, default=guiju.SHARD_BYTES, help="bytes of plain text in a shard")
args = options.parse_args()

shards = guiju.manifest(args.paths, args.out, shard_bytes=args.shard_bytes, text=args.text)
print(f"shards {shards}, open {len(guiju.open_shards(args.out))}")
spark = SparkSession.builder.appName("guiju").getOrCreate()
summary = guiju.spark.scan_manifest(spark, args.out)
spark.stop()
print(f"rows judged {summary['judged']}, not readable {summary['broken']}, suspected A1 to A4 {summary['suspected']['rows']}")
for decision in summary["decisions"]:
    print(f"  {decision['id']:8} {decision['rows']}")
print(os.path.join(args.out, "summary.html"))
