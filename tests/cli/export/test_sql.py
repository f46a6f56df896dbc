import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.export.test_export import call, out  # noqa: F401 (a fixture)


@pytest.fixture
def warehouse(out):  # noqa: F811
    call("export", out, "--quiet")
    return out


def test_a_table_is_shown(warehouse):
    shown = call("sql", "SELECT label, count(*) AS n FROM objects GROUP BY 1 ORDER BY 1", warehouse)
    lines = [line.strip("│ ").split("│") for line in shown.stdout.splitlines() if "│" in line]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["car", "5"],
        ["lane", "5"],
        ["rain", "5"],
    ]


def test_quiet_leaves_out_the_table_alone(warehouse):
    query = "SELECT 1 AS one"
    assert call("sql", query, warehouse, "--quiet").stdout == ""
    assert call("sql", query, warehouse, "--quiet", "--csv").stdout == "one\n1\n"


def test_json_is_one_object_of_columns_and_rows(warehouse):
    query = (
        "SELECT updated_at, objects[1].box AS box, cost "
        "FROM annotations JOIN tasks USING (image_id) LIMIT 1"
    )
    found = json.loads(call("sql", query, warehouse, "--json").stdout)
    assert found == {
        "columns": ["updated_at", "box", "cost"],
        "rows": [
            {
                "updated_at": "2026-03-01T11:00:00+00:00",
                "box": {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25},
                "cost": 0.08,
            }
        ],
    }


def test_csv_has_a_line_for_each_row(warehouse):
    query = "SELECT 1 AS one, 1/3 AS third, NULL AS nothing, 'a,\"b\"\n' AS text, [1, 2] AS list"
    text = call("sql", query, warehouse, "--csv").stdout
    assert list(csv.reader(io.StringIO(text))) == [
        ["one", "third", "nothing", "text", "list"],
        ["1", "0.3333333333333333", "", 'a,"b"\n', "[1, 2]"],
    ]


def test_sums_are_integers(warehouse):
    query = "SELECT sum(object_count) AS n FROM dataset_candidates"
    assert '"rows": [{"n": 15}]' in call("sql", query, warehouse, "--json").stdout
    assert "15" in call("sql", query, warehouse, "--csv").stdout.splitlines()
    assert call("sql", "SELECT * FROM objects WHERE false", warehouse, "--json").exit_code == 0


def test_many_rows_are_cut_on_the_screen_only(warehouse):
    query = "SELECT * FROM range(250)"
    shown = call("sql", query, warehouse).stdout
    assert "and 150 rows more" in shown
    assert len(call("sql", query, warehouse, "--csv").stdout.splitlines()) == 251


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("SELECT nonsense FROM frames", 'column "nonsense" not found', id="column"),
        pytest.param("SELEC 1", "syntax error", id="syntax"),
        pytest.param("", "wanted one SELECT, got nothing", id="nothing"),
        pytest.param("SELECT 1; SELECT 2", "wanted one SELECT, got SELECT, SELECT", id="two"),
        pytest.param("DROP VIEW frames", "got DROP", id="drop"),
        pytest.param("INSERT INTO exports VALUES (1)", "got INSERT", id="insert"),
        pytest.param("SET memory_limit = '9GB'", "got SET", id="set"),
        pytest.param("INSTALL httpfs", "wanted one SELECT", id="install"),
        pytest.param("ATTACH 'x.db'", "got ATTACH", id="attach"),
        pytest.param(
            "COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)", "got COPY", id="write-over-a-table"
        ),
        pytest.param(
            "EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)", "got EXPLAIN",
            id="explain-runs-it",
        ),
        pytest.param("SELECT * FROM read_text('/etc/hostname')", "Permission Error", id="read"),
        pytest.param("SELECT * FROM glob('/etc/*')", "Permission Error", id="list"),
        pytest.param("SELECT * FROM '{labels}'", "Error", id="the-store-of-labels"),
        pytest.param("SELECT * FROM 'https://example.com/x.csv'", "Error", id="network"),
        pytest.param(
            "SELECT * FROM read_parquet('{folder}/frames/../../frames/*.parquet')",
            "Permission Error", id="beside",
        ),
    ],
)  # fmt: skip
def test_only_questions_to_the_warehouse_are_answered(warehouse, query, message):
    folder = warehouse / "warehouse"
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    file = max((folder / "tasks").glob("*.parquet"))
    query = query.replace("{file}", str(file)).replace("{folder}", str(folder))
    with pytest.raises(ValueError, match=message):
        call("sql", query.replace("{labels}", str(warehouse / "labels.sqlite")), warehouse)
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before


def test_a_wrong_question_is_exit_code_2_with_duckdbs_message(warehouse):
    done = subprocess.run(
        [sys.executable, "-m", "vidset", "sql", "SELECT 1 FRM x", str(warehouse)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "vidset: Parser Error: syntax error" in done.stderr


def test_without_a_warehouse_it_says_how_to_make_one(tmp_path):
    with pytest.raises(ValueError, match=f"vidset export {tmp_path} makes it"):
        call("sql", "SELECT 1", tmp_path)


def test_what_does_not_fit_into_memory_goes_to_temporary_files(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    query = (
        "SELECT count(*) AS n FROM (SELECT DISTINCT range, md5(range::VARCHAR) FROM range(1500000))"
    )
    found = call("sql", query, warehouse, "--memory", "100MB", "--json")
    assert json.loads(found.stdout)["rows"] == [{"n": 1_500_000}]


def test_an_unknown_memory_size_is_refused(warehouse):
    with pytest.raises(ValueError, match="Memory must have a number"):
        call("sql", "SELECT 1", warehouse, "--memory", "much")


def test_names_with_markup_are_shown_as_they_are(warehouse):
    assert "[red]x[/]" in call("sql", "SELECT '[red]x[/]' AS \"[b]\"", warehouse).stdout


def test_a_warehouse_is_named_by_itself_too(warehouse):
    assert call("sql", "SELECT 1", Path(warehouse) / "warehouse").exit_code == 0
