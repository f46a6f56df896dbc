"""Tables, numbers, confirmations and answers."""

import json

import pytest

from vidset.cli.console import answer, confirm, duration, number, plural, share, size, table
from vidset.project import Project


def test_a_table_lays_numbers_to_the_right_and_leaves_what_is_missing_empty():
    text = table(["name", "images", "score"], [["v0", 1234, 0.61234], ["later", 2, None]])
    assert text.splitlines() == [
        "name   images  score",
        "v0      1,234  0.612",
        "later       2",
    ]


def test_a_table_that_is_too_wide_has_a_field_on_each_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = table(["name", "uri"], [["a", "x" * 90], ["b", "y"]])
    assert text.splitlines() == ["name  a", f"uri   {'x' * 90}", "", "name  b", "uri   y"]


def test_a_table_without_rows_has_its_columns():
    assert table(["name", "images"], []) == "name  images"


def test_a_cell_stays_on_its_line():
    assert table(["a"], [["two\nlines\x1b[2J"]]) == "a\ntwo lines\\x1b[2J"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        pytest.param(number(1234567), "1,234,567", id="whole"),
        pytest.param(number(0.61249), "0.612", id="score"),
        pytest.param(number(1234.56), "1,234.6", id="large"),
        pytest.param(share(0.6125), "61.3 %", id="share"),
        pytest.param(size(999), "999 bytes", id="bytes"),
        pytest.param(size(1_234_567), "1.2 MB", id="megabytes"),
        pytest.param(duration(0.84), "0.8 s", id="seconds"),
        pytest.param(duration(200), "3 min 20 s", id="minutes"),
        pytest.param(duration(7500), "2 h 5 min", id="hours"),
        pytest.param(plural(1, "video"), "1 video", id="one"),
        pytest.param(plural(2000, "entry", "entries"), "2,000 entries", id="many"),
    ],
)
def test_numbers_are_written_in_one_way(written, wanted):
    assert written == wanted


def test_an_answer_is_one_object_or_text_with_the_next_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    project = Project(str(tmp_path / "roads"))
    show, found = (lambda: print("a result")), {"place": project.place}
    following = {"project": project, "next_words": "vidset train"}
    answer(found, show, as_json=True, quiet=False, **following)
    said = json.loads(capsys.readouterr().out)
    assert said == {"place": project.place, "next": "vidset train -p roads"}
    answer(found, show, as_json=False, quiet=False, **following)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("a result\n", "Next: vidset train -p roads\n")
    answer(found, show, as_json=False, quiet=True, **following)
    assert capsys.readouterr() == ("", "")


def test_where_nobody_can_be_asked_yes_is_needed(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(ValueError, match="Send 3 tasks\\? There is no terminal to ask on: --yes"):
        confirm("Send 3 tasks?", yes=False)
    confirm("Send 3 tasks?", yes=True)
