"""What --json prints has a type: for every command, with the same names for the same things."""

import pytest

from tests.cli.called import CLI
from vidset.cli.results import commands_below, result_type
from vidset.cli.schemas import schema_of

COMMANDS = dict(commands_below(CLI))
WITH_JSON = sorted(
    name
    for name, command in COMMANDS.items()
    if any("--json" in each.opts for each in command.params)
)
# Other names for `output`, `size_bytes`, `place` and `passed_over`.
OTHER_NAMES = {"bytes", "size", "out", "path", "folder", "to", "target", "passedover", "ignored"}


@pytest.mark.parametrize("name", WITH_JSON)
def test_every_command_with_json_names_the_type_of_what_it_prints(name):
    assert result_type(COMMANDS[name]) is not None


@pytest.mark.parametrize("name", WITH_JSON)
def test_the_same_thing_has_the_same_field_name_everywhere(name):
    schema = schema_of(COMMANDS[name])
    assert schema is not None
    assert not OTHER_NAMES.intersection(schema["properties"])
    assert "next" in schema["required"]


def test_only_commands_that_explain_the_command_line_print_no_object():
    assert sorted(set(COMMANDS) - set(WITH_JSON)) == ["completion", "help"]
