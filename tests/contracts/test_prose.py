"""What a person reads are sentences: no docstring and no help text begins in the middle of one."""

import ast
import re

from tests.paths import ROOT

SOURCES = [
    path
    for top in ("vidset", "dataflow", "functions", "docker", "infra", "benchmarks", "docs")
    for path in sorted((ROOT / top).rglob("*.py"))
]

_BEGINS = re.compile(r"(Of|What|Whether|How|Why|Who|Whose|Which|Where|Those)\b")


def test_no_docstring_begins_in_the_middle_of_a_sentence():
    """`Returns whether ...` is a sentence, `Whether ...` is one if it asks."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and _BEGINS.match(node.value.value)
        and not node.value.value.partition("\n")[0].endswith("?")
    ]
    assert found == []


def test_no_help_text_begins_with_of():
    pattern = re.compile(r'help=\(?\s*f?"Of ')
    found = [str(path.relative_to(ROOT)) for path in SOURCES if pattern.search(path.read_text())]
    assert found == []
