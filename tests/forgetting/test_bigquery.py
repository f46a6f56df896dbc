"""Rows that go from BigQuery, on the emulator."""

import pytest

from tests.documents.labels import annotation, id_of
from vidset.documents.rows import annotation_row
from vidset.warehouse.bigquery import DatasetWarehouse, erase_rows

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_rows_are_counted_and_then_deleted(bigquery, tmp_path):
    bigquery.client().create_dataset("vidset")
    uri = f"bq://{bigquery.project}.vidset"
    warehouse = DatasetWarehouse(uri, str(tmp_path))
    warehouse.prepare()
    documents = [annotation(number) for number in (1, 2, 3)]
    rows = [annotation_row(each["image_id"], each) for each in documents]
    warehouse.merge("annotations", warehouse.stage("annotations", rows))
    # A table that an earlier vidset has not made is passed over.
    wanted = [("annotations", "image_id", [id_of(1), id_of(2)]), ("gone", "image_id", [id_of(1)])]
    for is_dry, found in ((True, 2), (False, 2), (True, 0)):
        assert list(erase_rows(uri, wanted, is_dry=is_dry)) == [("annotations", found)]
    left = bigquery.rows("SELECT image_id FROM vidset.annotations")
    assert [row["image_id"] for row in left] == [id_of(3)]
