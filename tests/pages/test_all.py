"""Every page that tells to type something is typed by a test here, or says why it is not."""

import re

from tests.contracts.pages import pages
from tests.paths import ROOT

CLOUD = "All of it needs a project on Google Cloud; options of vidset, make and jobs are parsed."
ELSEWHERE = {
    "docs/commands.md": "Its examples name files and places of their own. All are parsed; those "
    "that fit the place of another page are typed there.",
    "docs/deploy.md": CLOUD,
    "docs/engines.md": "It needs clusters: tests/engines runs vidset on real ones.",
    "docs/index.md": "It tells to type `make demo`, as the README does.",
    "docs/lineage.md": "Its things have names of their own: tests/lineage and tests/forgetting "
    "call each command on a place that has gone around once.",
    "docs/privacy.md": "It needs a model of faces: tests/privacy runs the commands with a detector "
    "of its own.",
    "docs/rights.md": "tests/test_rights.py and tests/cli/test_rights.py call its commands on "
    "places with licences.",
    "docs/selection.md": "tests/cli/predict and tests/cli/select type its "
    "commands; the ids of selections are others each time.",
    "docs/stuck.md": CLOUD,
    "infra/README.md": CLOUD,
    "infra/check/README.md": "tests/infra runs the checks.",
    "deploy/collector/README.md": "It sets up a service: tests/upload/test_service.py.",
    "deploy/kubernetes/README.md": "It needs a cluster: tests/engines checks its files by schemas.",
    "deploy/onprem/README.md": "It needs Docker: tests/watch has its parts run on real servers.",
    "deploy/slurm/README.md": "It needs Slurm: tests/engines submits the script to a real one.",
}


def test_each_page_is_typed_or_says_why_not():
    tests = (ROOT / "tests" / "pages").glob("test_*.py")
    typed = {
        name for path in tests for name in re.findall(r'\bPage\(\s*"([^"]+)"', path.read_text())
    }
    there = {page.name for page in pages() if page.lines}
    assert typed & set(ELSEWHERE) == set()
    assert typed | set(ELSEWHERE) == there
