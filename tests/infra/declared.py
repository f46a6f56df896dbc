"""Terraform's variables, as the code declares them."""

import re

from tests.infra.applied import INFRA


def listed(variable: str, file: str) -> set[str]:
    """The keys that a map variable may have."""
    text = (INFRA / file).read_text()
    block = re.search(rf'variable "{variable}" {{.*?setsubtract\([^\[]*\[(.*?)\]', text, re.DOTALL)
    assert block
    return set(re.findall(r'"(\w+)"', block[1]))
