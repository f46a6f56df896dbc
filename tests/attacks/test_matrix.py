"""Every command that reads files of others, with every kind of hostile file."""

import pytest
from typer.main import get_command

from tests.attacks.matrix import ROWS, Case, cases, few_cases
from tests.attacks.measured import check_cost, measured
from vidset.cli.main import app
from vidset.cli.results import commands_below

_FEW = few_cases()


def test_every_command_says_which_files_of_others_it_reads():
    assert set(ROWS) == {name for name, _ in commands_below(get_command(app))}


def attacked(case: Case, folder) -> None:
    words = case.make(folder)
    check_cost(measured(words, folder), str(case))


@pytest.mark.slow
@pytest.mark.attack
@pytest.mark.parametrize("case", _FEW, ids=str)
def test_a_hostile_file_costs_little(case, tmp_path):
    attacked(case, tmp_path)


@pytest.mark.every_attack
@pytest.mark.parametrize("case", [case for case in cases() if case not in _FEW], ids=str)
def test_every_hostile_file_costs_little(case, tmp_path):
    attacked(case, tmp_path)
