"""One option has one meaning, in every command; short forms stand for the same everywhere."""

from collections import defaultdict

from tests.cli.called import CLI
from vidset.cli.results import commands_below

# A place, a page, a file, a folder: what a command makes anew.
MAKES = {"--output"}
SHORT = {
    "-p": "--place",
    "-o": "--output",
    "-f": "--format",
    "-n": "--name",
    "-q": "--quiet",
    "-y": "--yes",
    "-m": "--message",
}


def options() -> dict[str, dict[str, tuple[bool, str]]]:
    """By option and command: whether it is a flag, and what stands for its value in the help."""
    found: dict[str, dict[str, tuple[bool, str]]] = defaultdict(dict)
    for name, command in commands_below(CLI):
        for each in command.params:
            for word in each.opts if each.param_type_name == "option" else ():
                found[word][name] = each.is_flag, each.metavar or ""
    return found


def test_an_option_takes_the_same_kind_of_value_in_every_command():
    several = {
        word: dict(by_command)
        for word, by_command in options().items()
        if len(set(by_command.values())) > 1 and SHORT.get(word, word) not in MAKES
    }
    assert several == {}


def test_a_short_form_stands_for_the_same_option_everywhere():
    found = {}
    for _, command in commands_below(CLI):
        for each in command.params:
            long = [word for word in each.opts if word.startswith("--")]
            for word in each.opts:
                if word.startswith("-") and word not in long:
                    found.setdefault(word, set()).update(long)
    assert found == {short: {long} for short, long in SHORT.items()}
