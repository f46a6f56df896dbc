"""The pages that are made from the command line are those in the checkout."""

import pytest

from docs.commands import commands_page, formats_page, json_page
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param(f"{each.__name__.removesuffix('_page')}.md", each, id=each.__name__)
        for each in (commands_page, json_page, formats_page)
    ],
)
def test_a_page_of_the_command_line_is_up_to_date(name, make):
    """python docs/commands.py writes them anew."""
    assert (ROOT / "docs" / name).read_text() == make()
