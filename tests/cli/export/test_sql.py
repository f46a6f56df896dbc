import csv
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cli.called import vidset
from tests.cli.export.test_export import call, make_out, out  # noqa: F401 (a fixture)
from tests.programs.started import run
from vidset.cli.export import sql_csv


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A place with all in its warehouse. Only to be asked."""
    place = make_out(tmp_path_factory.mktemp("asked") / "out")
    call("sync", "-p", place, "--quiet")
    # The first question may sync once more: SQLite writes the store when its last reader leaves.
    call("sql", "-p", place, "--quiet")
    return place


def test_a_table_is_shown(warehouse):
    shown = call(
        "sql", "SELECT label, count(*) AS n FROM objects GROUP BY 1 ORDER BY 1", "-p", warehouse
    )
    assert shown.stdout.splitlines() == ["label  n", "car    5", "lane   5", "rain   5"]


def test_quiet_leaves_out_the_table_alone(warehouse):
    query = "SELECT 1 AS one"
    assert call("sql", query, "-p", warehouse, "--quiet").stdout == ""
    assert call("sql", query, "-p", warehouse, "--quiet", "--csv").stdout == "one\n1\n"


def test_json_is_one_object_of_columns_and_rows(warehouse):
    query = (
        "SELECT updated_at, objects[1].box AS box, cost "
        "FROM annotations JOIN tasks USING (image_id) LIMIT 1"
    )
    found = json.loads(call("sql", query, "-p", warehouse, "--json").stdout)
    assert found == {
        "place": str(warehouse),
        "columns": ["updated_at", "box", "cost"],
        "rows": [
            {
                "updated_at": "2026-03-01T11:00:00+00:00",
                "box": {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25, "angle": 0.0},
                "cost": 0.08,
            }
        ],
        "next": f"vidset dataset create -n v0 -p {warehouse}",
    }


def test_csv_has_a_line_for_each_row(warehouse):
    query = "SELECT 1 AS one, 1/3 AS third, NULL AS nothing, 'a,\"b\"\n' AS text, [1, 2] AS list"
    text = call("sql", query, "-p", warehouse, "--csv").stdout
    assert list(csv.reader(io.StringIO(text))) == [
        ["one", "third", "nothing", "text", "list"],
        ["1", "0.3333333333333333", "", 'a,"b"\n', "[1, 2]"],
    ]


def test_sums_are_integers(warehouse):
    query = "SELECT sum(object_count) AS n FROM dataset_candidates"
    assert '"rows": [{"n": 15}]' in call("sql", query, "-p", warehouse, "--json").stdout
    assert "15" in call("sql", query, "-p", warehouse, "--csv").stdout.splitlines()
    assert (
        call("sql", "SELECT * FROM objects WHERE false", "-p", warehouse, "--json").exit_code == 0
    )


def test_many_rows_are_cut_on_the_screen_only(warehouse):
    query = "SELECT * FROM range(250)"
    shown = call("sql", query, "-p", warehouse).stdout
    assert "and 150 rows more" in shown
    assert len(call("sql", query, "-p", warehouse, "--csv").stdout.splitlines()) == 251


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
        call("sql", query.replace("{labels}", str(warehouse / "labels.sqlite")), "-p", warehouse)
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before


def test_a_wrong_question_is_exit_code_2_with_duckdbs_message(warehouse):
    done = run(("sql", "SELECT 1 FRM x", "-p", warehouse))
    assert (done.returncode, done.stdout) == (2, "")
    assert "vidset: Parser Error: syntax error" in done.stderr


def test_without_a_warehouse_and_anything_to_read_it_says_so(tmp_path):
    with pytest.raises(ValueError, match="no warehouse, and nothing that vidset sync could read"):
        call("sql", "SELECT 1", "-p", tmp_path)


def test_what_is_not_in_the_warehouse_yet_is_brought_there_first_and_once(out):  # noqa: F811
    count = "SELECT count(*) AS n FROM annotations"
    for _ in range(2):
        assert call("sql", count, "-p", out, "--csv").stdout == "n\n5\n"
    files = {path: path.read_bytes() for path in (out / "warehouse").rglob("*") if path.is_file()}
    assert call("sql", count, "-p", out, "--csv").stdout == "n\n5\n"
    now = {path: path.read_bytes() for path in (out / "warehouse").rglob("*") if path.is_file()}
    assert now == files


def test_a_question_names_the_next_command_on_stderr(warehouse):
    called = vidset("sql", "SELECT 1 AS one", "-p", warehouse)
    assert (called.out, called.code) == ("one\n  1\n", 0)
    assert called.next == f"vidset dataset create -n v0 -p {warehouse}"


@pytest.mark.parametrize("columns", [40, 80])
def test_each_row_of_a_wide_table_is_readable(warehouse, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = vidset("sql", "SELECT * FROM tasks LIMIT 2", "-p", warehouse).out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["image_id", "image_uri"]
    assert lines.count("") == 1  # Between the two rows.
    assert all(len(line.split(maxsplit=1)[0]) > 2 for line in lines if line)
    listed = vidset("sql", "-p", warehouse).out.splitlines()
    assert max(map(len, listed)) <= columns
    assert "annotations" in listed


def test_what_does_not_fit_into_memory_goes_to_temporary_files(warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    query = (
        "SELECT count(*) AS n FROM (SELECT DISTINCT range, md5(range::VARCHAR) FROM range(1500000))"
    )
    found = call("sql", query, "-p", warehouse, "--memory", "100MB", "--json")
    assert json.loads(found.stdout)["rows"] == [{"n": 1_500_000}]


def test_an_unknown_memory_size_is_refused(warehouse):
    with pytest.raises(ValueError, match="Memory must have a number"):
        call("sql", "SELECT 1", "-p", warehouse, "--memory", "much")


def test_names_with_markup_are_shown_as_they_are(warehouse):
    assert "[red]x[/]" in call("sql", "SELECT '[red]x[/]' AS \"[b]\"", "-p", warehouse).stdout


def test_without_a_question_the_tables_are_listed(warehouse):
    names = {
        row["name"] for row in json.loads(call("sql", "-p", warehouse, "--json").stdout)["rows"]
    }
    assert {"annotations", "frames", "objects", "tasks", "videos"} <= names


def test_a_wide_table_gives_one_field_a_line(warehouse):
    query = "SELECT * EXCLUDE (video_uri, image_uri, image_sha256, settings_id) FROM frames LIMIT 2"
    lines = call("sql", query, "-p", warehouse).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line][:2] == ["generation", "collector_id"]


_ODD = {
    "doubles": "(0.1::DOUBLE + 0.2), (1e16), (1e-5), (-0.0::DOUBLE), (NULL), (3)",
    "nan": "(-('nan'::DOUBLE)), ('-inf'::DOUBLE), (1::DOUBLE)",
    "floats": "(0.1::FLOAT), (16777216::FLOAT), (NULL)",
    "booleans": "(true), (false), (NULL)",
    "integers": "(-1), (NULL), (9007199254740993)",
    "sums": "(170141183460469231731687303715884105727::HUGEINT), (NULL)",
    "decimals": "(1.50), (NULL), (-2.25)",
    "times": "(TIMESTAMPTZ '2026-03-01 11:00:00Z'), (NULL), (TIMESTAMPTZ '2026-03-01 11:00:00.5Z')",
    "local times": "(TIMESTAMP '2026-03-01 11:00:00'), (TIMESTAMP '926-03-01 11:00:00.001')",
    "days": "(DATE '2026-03-01'), (NULL)",
    "lists": "([1, 2]), (NULL), ([])",
    "texts": "('plain'), (''), (NULL), ('a,b')",
    "quotes": "('say \"a\"'), ('two' || chr(10) || 'lines')",
    "formulas": "('=1+1'), ('@x'), ('minus - inside'), ('é' || chr(27) || '[31m')",
}  # fmt: skip


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("values", _ODD.values(), ids=_ODD)
def test_csv_written_by_columns_is_what_values_one_by_one_give(values, columns, raw, capsys):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        query = f"SELECT {', '.join(['v'] * columns)} FROM (VALUES {values}) AS t(v)"  # noqa: S608
        found = connection.execute(query).fetch_arrow_table()
    sql_csv.print_csv(found.to_reader(), raw=raw)
    by_values = io.StringIO()
    writer = csv.writer(by_values, lineterminator="\n")
    writer.writerow(["v"] * columns)
    for value in found.column(0).to_pylist():
        text = repr(value) if isinstance(value, float) else sql_csv.as_csv(value, raw=raw)
        writer.writerow([text] * columns)
    assert capsys.readouterr().out == by_values.getvalue()


@given(st.lists(st.tuples(*[st.none() | st.text(max_size=8)] * 2), max_size=5), st.booleans())
@example([(" a", "# b"), ("'", "\\"), ("a\rb", ""), ("\0", ",")], True)
def test_texts_are_read_again_as_they_are(rows, raw):
    columns = [pa.array(each, pa.string()) for each in zip(*rows, strict=True)] or [[], []]
    found = pa.table(columns, schema=pa.schema([("a", pa.string()), ("b", pa.string())]))
    with redirect_stdout(io.StringIO()) as printed:
        sql_csv.print_csv(found.to_reader(), raw=raw)
    wanted = [["" if text is None else sql_csv.as_csv(text, raw=raw) for text in r] for r in rows]
    read = csv.reader(io.StringIO(printed.getvalue(), newline=""), strict=True)
    assert list(read) == [["a", "b"], *wanted]


def test_csv_is_added_to_a_file_and_ends_with_who_reads_it(warehouse, tmp_path):
    """The words after vidset are the shell's own: it appends, and reads one line alone."""
    many = "SELECT range AS n FROM range(3000000)"
    command = [sys.executable, "-m", "vidset", "sql", "-p", str(warehouse), "--csv", "-q"]
    kept = tmp_path / "kept.csv"
    kept.write_text("first\n")
    with kept.open("a") as file:
        subprocess.run([*command, "SELECT 1 AS n"], stdout=file, check=True)
    assert kept.read_text() == "first\nn\n1\n"
    with subprocess.Popen([*command, many], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "n\n"
        process.stdout.close()
        assert process.wait(timeout=300) in (1, 141)
