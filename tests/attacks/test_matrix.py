"""Every command that reads files of others, with every kind of hostile file."""

import pytest

from tests.attacks.matrix import ROWS, Case, cases, few_cases
from tests.attacks.measured import check_cost, measured
from vidset.cli.command import tree_of
from vidset.cli.main import app
from vidset.cli.results import commands_below

_FEW = few_cases()


def test_every_command_says_which_files_of_others_it_reads():
    assert set(ROWS) == {name for name, _ in commands_below(tree_of(app))}


def attacked(case: Case, folder) -> None:
    words = case.make(folder)
    check_cost(measured(words, folder), str(case))


@pytest.mark.slow
@pytest.mark.attack
@pytest.mark.parametrize("case", _FEW, ids=str)
def test_a_hostile_file_costs_little(case, tmp_path):
    attacked(case, tmp_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every case where all are asked for: the thousands take long to collect."""
    if "other" in metafunc.fixturenames:
        wanted = "not every_attack" not in metafunc.config.getoption("markexpr")
        others = [case for case in cases() if case not in _FEW] if wanted else []
        metafunc.parametrize("other", others, ids=str)


@pytest.mark.every_attack
def test_every_hostile_file_costs_little(other, tmp_path):
    attacked(other, tmp_path)
