"""What the vendors declare, and what Terraform and the docs say of them."""

import re

import pytest

from tests.paths import ROOT
from vidset.labeling.vendors.registry import BUILT_IN

# The truth labeler answers from a file: for demos and tests.
IN_THE_CLOUD = [each for each in BUILT_IN if each.name != "truth"]
SECRETS = (ROOT / "infra" / "secrets.tf").read_text()
VARIABLES = (ROOT / "infra" / "variables_labeling.tf").read_text()


def quoted(text: str) -> set[str]:
    return set(re.findall(r'"([^"]+)"', text))


@pytest.mark.parametrize("vendor", IN_THE_CLOUD, ids=lambda vendor: vendor.name)
def test_terraform_gives_each_function_the_secrets_that_the_vendor_declares(vendor):
    block = re.search(rf"^    {vendor.name} = {{\n(.*?)^    }}", SECRETS, re.M | re.S)
    assert block, f"infra/secrets.tf has no {vendor.name} in vendor_secrets"
    # What one function gets may depend on a setting: all that it may get counts.
    lists = dict(re.findall(r"^ +(\w+) = (.*\])", block[1], re.M))
    assert quoted(lists["callback"]) == {vendor.callback.secret}
    sending = {each.name for each in vendor.variables if each.is_hidden and each.for_dispatch}
    assert quoted(lists["dispatch"]) - sending <= {vendor.callback.secret}
    assert sending <= quoted(lists["dispatch"])


def test_terraform_knows_these_vendors_and_no_others():
    names = {vendor.name for vendor in IN_THE_CLOUD}
    block = re.search(r"vendor_secrets = \{\n(.*?)^  \}", SECRETS, re.M | re.S)
    assert set(re.findall(r"^    ([\w-]+) = \{", block[1], re.M)) == names
    for chosen in re.findall(r"(?:contains\(|former_vendors, )(\[[^\]]*\])", VARIABLES):
        if names & quoted(chosen):
            assert quoted(chosen) == names
    assert f"labeling_vendor must be {' or '.join(sorted(names))}." in VARIABLES


def test_terraform_takes_every_variable_that_is_no_secret():
    [listed] = re.findall(r"keys\(var.labeling_options\), (\[.*?\])", VARIABLES, re.S)
    declared = {each.name for vendor in IN_THE_CLOUD for each in vendor.variables}
    hidden = {each.name for vendor in BUILT_IN for each in vendor.variables if each.is_hidden}
    assert declared - hidden == {name for name in quoted(listed) if name in declared}
    assert not quoted(listed) & hidden


@pytest.mark.parametrize("vendor", BUILT_IN, ids=lambda vendor: vendor.name)
def test_the_docs_tell_every_variable(vendor):
    text = (ROOT / "docs" / "labeling.md").read_text()
    table = text[text.index("| `LABELING_VENDOR` |") :]
    for variable in vendor.variables:
        assert f"`{variable.name}`" in table
