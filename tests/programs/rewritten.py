"""Keeps the test modules as pytest wants them compiled: once, before its workers start.

Pytest rewrites each `assert`, and keeps the outcome beside the module. In a new checkout all of its
workers would do so for all modules, at the same time.
"""

import ast
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import source_hash
from pathlib import Path

from _pytest.assertion import rewrite

from tests.paths import ROOT


def modules() -> Iterator[Path]:
    """What pytest rewrites without being told: see `python_files` in its manual."""
    folder = ROOT / "tests"
    for pattern in "test_*.py", "*_test.py", "conftest.py":
        yield from folder.rglob(pattern)


def keep(module: Path) -> bool:
    """Keep a module's rewritten form, unless it is there. Returns whether it was missing."""
    kept = kept_form(module)
    if rewrite._read_pyc(module, kept) is not None:
        return False
    source = module.read_bytes()
    tree = ast.parse(source, filename=str(module))
    rewrite.rewrite_asserts(tree, source, str(module))
    code = compile(tree, str(module), "exec", dont_inherit=True)
    kept.parent.mkdir(exist_ok=True)
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        rewrite._write_pyc_fp(file, source_hash(source), code)
    unfinished.replace(kept)
    return True


def kept_form(module: Path) -> Path:
    return rewrite.get_cache_dir(module) / (module.stem + rewrite.PYC_TAIL)


if __name__ == "__main__":
    with ProcessPoolExecutor() as processes:
        for _ in processes.map(keep, modules(), chunksize=20):
            pass
