"""An option that a message of the code names exists."""

import ast
import re
from pathlib import Path

from tests.cli.called import CLI
from tests.paths import ROOT
from vidset.cli.results import commands_below

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Of git and DVC, docker, gcloud, a page's own style sheet, and Beam.
_FOREIGN = {
    "vidset/cli/extract/command.py": {"--project"},
    "vidset/datasets/exchange/dvc.py": {
        *("--annotate", "--list", "--out", "--porcelain", "--rev", "--show-toplevel"),
    },
    "vidset/training/running/command/calling.py": {
        *("--env", "--gpus", "--init", "--mount", "--network", "--rm", "--user", "--workdir"),
    },
    "vidset/datasets/schema/page.py": {"--bar", "--dim", "--line"},
    "vidset/storage/gcs_signing.py": {"--impersonate-service-account"},
    "vidset/warehouse/open.py": {"--staging"},
}
# What Beam's jobs are started with: the options of their own programs.
_BEAM = ("vidset/beam/",)


def known() -> set[str]:
    found = {"--help", "--version"}
    for _, command in commands_below(CLI):
        found.update(word for each in command.params for word in [*each.opts, *each.secondary_opts])
    return found


def named(path: Path) -> set[str]:
    """The options in a module's texts that are not documentation."""
    tree = ast.parse(path.read_text())
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
    ]
    return {option for text in texts for option in _OPTION.findall(text)}


MODULES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "vidset").rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(_BEAM)
]


def test_an_option_that_a_message_names_exists():
    options = known()
    unknown = {name: named(ROOT / name) - options - _FOREIGN.get(name, set()) for name in MODULES}
    assert {name: found for name, found in unknown.items() if found} == {}
