"""Tables, views and names, as Terraform makes them and as the code reads and writes them."""

import json
import re
from string import Template

import pytest

from tests.infra.applied import INFRA, PROJECT
from vidset.tables.schemas import schema_folder, tables
from vidset.uploads import COLLECTOR_ID
from vidset.warehouse.views import VIEWS, view_sql

pytestmark = pytest.mark.slow
DATASET = f"{PROJECT}.vidset"


def test_the_tables_are_those_of_the_jobs(everything):
    made = {
        values["table_id"]: values
        for address, values in everything.of_type("google_bigquery_table").items()
        if ".tables[" in address
    }
    assert set(made) == set(tables())
    for name, table in tables().items():
        schema = json.loads((schema_folder() / f"{name}.json").read_text())
        assert json.loads(made[name]["schema"]) == schema
        assert [column["name"] for column in schema] == table.names
        partitions = [(each["type"], each["field"]) for each in made[name]["time_partitioning"]]
        wanted = [("DAY", table.partitioned_by)] if table.partitioned_by else []
        assert partitions == wanted
        assert tuple(made[name]["clustering"] or ()) == table.clustering


def test_the_views_are_those_of_the_export(everything):
    # Another text, and each export would change it, and each apply change it back.
    made = {
        values["table_id"]: values["view"][0]
        for address, values in everything.of_type("google_bigquery_table").items()
        if ".views[" in address
    }
    assert {name: view["query"] for name, view in made.items()} == {
        name: Template(view_sql("bigquery", name)).substitute(dataset=DATASET) for name in VIEWS
    }
    assert not any(view["use_legacy_sql"] for view in made.values())


def test_terraform_and_the_uploader_take_the_same_collectors():
    text = (INFRA / "variables.tf").read_text()
    patterns = re.findall(r'for id in var\.collectors : can\(regex\("\^(.+)\$", id\)\)', text)
    assert patterns == [COLLECTOR_ID.pattern]
