"""Queries over a dataset, in the BigQuery emulator."""

import pytest

from tests.bigquery_ledger import A, B
from vidset.ledger.open import open_ledger
from vidset.warehouse.bigquery_queries import DatasetQueries

pytestmark = pytest.mark.emulator


@pytest.fixture
def queries(cloud):
    open_ledger(cloud.uri).commit([A, B])
    opened = DatasetQueries(cloud.uri)
    yield opened
    opened.close()


def test_tables_go_by_their_bare_names(queries):
    query = "SELECT video_uri, samples FROM videos ORDER BY video_uri"
    assert list(queries.rows(query)) == [
        {"video_uri": "gs://uploads/a.mp4", "samples": 2},
        {"video_uri": "gs://uploads/b.mp4", "samples": 2},
    ]


def test_records_are_dicts_and_what_is_repeated_is_a_list(queries):
    query = "SELECT [STRUCT('car' AS label, STRUCT(0.1 AS x) AS box)] AS objects, NULL AS nothing"
    assert list(queries.rows(query)) == [
        {"objects": [{"label": "car", "box": {"x": 0.1}}], "nothing": None}
    ]


def test_an_answer_of_several_pages_comes_whole_and_in_order(queries):
    query = "SELECT number FROM UNNEST(GENERATE_ARRAY(1, 12001)) AS number ORDER BY number DESC"
    assert [row["number"] for row in queries.rows(query)] == list(range(12001, 0, -1))


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("SELECT * FROM videos -- all", id="plain"),
        pytest.param("WITH a AS (SELECT 1 AS x) SELECT x FROM a", id="with"),
    ],
)
def test_one_select_is_taken(queries, query):
    assert queries.check(query) == 0  # The emulator has no prices.


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        pytest.param("DROP TABLE videos", "DROP_TABLE", id="drop"),
        pytest.param("DELETE FROM videos WHERE TRUE", "DELETE", id="delete"),
        pytest.param(
            "CREATE TABLE vidset.mine AS SELECT 1 AS x", "CREATE_TABLE_AS_SELECT", id="create"
        ),
        pytest.param("SELECT 1; SELECT 2", "SCRIPT", id="two"),
        pytest.param("BEGIN SELECT 1; END", "SCRIPT", id="block"),
        pytest.param("EXECUTE IMMEDIATE 'SELECT 1'", "SCRIPT", id="dynamic"),
        pytest.param("", "None", id="nothing"),
    ],
)
def test_what_is_not_one_select_is_refused_and_does_nothing(queries, cloud, query, kind):
    with pytest.raises(ValueError, match=f"^{cloud.uri}: wanted one SELECT, got {kind}$"):
        queries.check(query)
    assert cloud.tables() == ["frames", "videos"]
    assert len(cloud.videos()) == 2


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("SELECT nonsense FROM videos", "nonsense", id="column"),
        pytest.param("SELECT 1 FROM tasks", "vidset.tasks was not found", id="table"),
        pytest.param("SELECT (1", "Expecting", id="syntax"),
        pytest.param("SELECT CAST('x' AS INT64)", "Could not convert string 'x'", id="value"),
    ],
)
def test_what_bigquery_does_not_take_is_told_in_its_words(queries, cloud, query, message):
    for ask in queries.check, lambda sql: list(queries.rows(sql)):
        with pytest.raises(ValueError, match=f"^{cloud.uri}: ") as caught:
            ask(query)
        assert message in str(caught.value)
        assert "http" not in str(caught.value)


def test_a_dataset_that_is_not_there_is_named(bigquery):
    uri = f"bq://{bigquery.project}.nowhere"
    with pytest.raises(ValueError, match=rf"(?i)^{uri}: not found: dataset.*nowhere$"):
        DatasetQueries(uri)
