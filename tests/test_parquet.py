"""A process that read Parquet can end: no thread of Arrow's holds what Python must free."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq

_READ = """
import os, sys
from pathlib import Path
from vidset.parquet import read_parquet
path = Path(sys.argv[1])
tasks = os.listdir("/proc/self/task")
assert read_parquet(path.read_bytes()).num_rows == 1000
assert os.listdir("/proc/self/task") == tasks, "Arrow started threads"
assert read_parquet(path, ["a"]).column_names == ["a"]
assert os.listdir("/proc/self/task") == tasks, "Arrow started threads to read a file"
"""


def test_the_calling_thread_reads(tmp_path):
    # What threads do to the end of a process shows once in ten times; that there are none, always.
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({name: range(1000) for name in "abcdef"}), path, row_group_size=100)
    subprocess.run([sys.executable, "-c", _READ, str(path)], check=True)
