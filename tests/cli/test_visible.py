"""No name makes a terminal or a spreadsheet do anything."""

import csv
import io

import pytest

from tests.cli.called import vidset
from tests.cli.export.test_export import out  # noqa: F401 (a fixture)
from vidset.cli.console import say, show_problems, table, tell
from vidset.cli.results import print_json
from vidset.naming import visible

pytestmark = pytest.mark.attack
HOSTILE = "a\x1b]0;owned\x07\x9b2J\u202egpj.exe\r\x7f"
WRITTEN = r"a\x1b]0;owned\x07\x9b2J\u202egpj.exe\x0d\x7f"


def test_control_characters_are_written_out():
    assert visible(HOSTILE) == WRITTEN
    assert visible("Zürich 東京 🎉\n\tb") == "Zürich 東京 🎉\n\tb"


def test_every_way_to_print_writes_them_out(capsys):
    say(HOSTILE)
    tell(HOSTILE)
    show_problems([HOSTILE])
    printed, err = capsys.readouterr()
    assert printed == WRITTEN + "\n"
    assert err == f"{WRITTEN}\n{WRITTEN}\n"
    assert WRITTEN.removesuffix(r"\x0d\x7f") in table(["name"], [[HOSTILE]])
    assert "\x1b" not in table(["name"], [[HOSTILE]])


def test_json_says_the_same_without_them(capsys):
    print_json({"name": HOSTILE})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert printed.strip().isprintable()


def test_errors_write_them_out(tmp_path, monkeypatch):
    (tmp_path / "vidset.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    refused = vidset("dataset", "show", HOSTILE)
    assert refused.code != 0
    assert "\x1b" not in refused.err
    assert "\x9b" not in refused.err


@pytest.fixture
def warehouse(out):  # noqa: F811
    assert vidset("sync", "-p", out, "--quiet").code == 0
    return out


FORMULAS = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(1)", "\t=1", "plain", "a=b"]


def ask(warehouse, *more):
    values = ", ".join(f"('{text}', -1, -0.5)" for text in FORMULAS)
    query = f"SELECT * FROM (VALUES {values}) AS t(name, whole, part)"  # noqa: S608 (fixed texts)
    asked = vidset("sql", query, "--csv", *more, "-p", warehouse)
    assert asked.code == 0, asked.err
    return list(csv.reader(io.StringIO(asked.out)))[1:]


def test_formulas_are_quoted_in_csv_and_numbers_are_not(warehouse):
    rows = ask(warehouse)
    quoted = ["'=HYPERLINK(1)", "'+1", "'-1+2", "'@SUM(1)", "'\t=1", "plain", "a=b"]
    assert rows == [[name, "-1", "-0.5"] for name in quoted]


def test_raw_csv_is_as_it_is_stored(warehouse):
    assert [row[0] for row in ask(warehouse, "--raw")] == FORMULAS


def test_raw_without_csv_is_refused(warehouse):
    refused = vidset("sql", "SELECT 1", "--raw", "-p", warehouse)
    assert refused.code == 2
    assert "--raw: wanted --csv" in refused.err
