"""Zip the labeling functions' source: the same content always gives the same bytes.

    python docker/functions_archive.py build/labeling_task.zip

The archive holds the entry points and their requirements, all of `vidset/labeling`, and those
modules of vidset that it imports. Terraform names the archive by its hash: what has not changed is
not deployed again.
"""

import ast
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_FUNCTION = "functions/labeling_task"
_PACKAGE = "vidset/labeling"
# The zip format's own beginning of time, and a file that everyone may read.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write_archive(root: Path, archive: Path) -> None:
    """Write the archive of the checkout at `root`, its files in the order of their names.

    Raises:
        ValueError: an entry point or the requirements are missing.
    """
    files = {path.relative_to(root / _FUNCTION).as_posix(): path for path in _own_files(root)}
    files |= {path.relative_to(root).as_posix(): path for path in _package_files(root)}
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE
            out.writestr(entry, files[name].read_bytes())


def _own_files(root: Path) -> list[Path]:
    files = [root / _FUNCTION / name for name in ("main.py", "requirements.txt")]
    for file in files:
        if not file.is_file():
            raise ValueError(
                f"{file.parent}: wanted a function's source, but it has no {file.name}"
            )
    return files


def _package_files(root: Path) -> set[Path]:
    """Everything in `vidset/labeling`, and every module that is imported from there."""
    files = {path for path in (root / _PACKAGE).rglob("*") if path.is_file() and _is_source(path)}
    waiting = [root / _FUNCTION / "main.py", *files]
    while waiting:
        found = {file for file in _imported(root, waiting.pop()) if file not in files}
        files |= found
        waiting += found
    return files


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not path.name.startswith(".")


def _imported(root: Path, file: Path) -> Iterator[Path]:
    """The modules of vidset that `file` imports, at its top or later, and their packages."""
    if file.suffix != ".py":
        return
    for node in _run(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files_of(root, name)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, without what type checkers alone read."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        children: list[ast.stmt] | Iterator[ast.AST] = node.orelse
    else:
        yield node
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _run(child)


def _files_of(root: Path, module: str) -> Iterator[Path]:
    parts = module.split(".")
    if parts[0] != "vidset":
        return
    for number in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:number])
        for file in path / "__init__.py", path.with_suffix(".py"):
            if file.is_file():
                yield file


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print("functions_archive: wanted the path of one zip file", file=sys.stderr)
        return 2
    try:
        write_archive(_ROOT, Path(argv[0]))
    except ValueError as error:
        print(f"functions_archive: {error}", file=sys.stderr)
        return 2
    print(argv[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
