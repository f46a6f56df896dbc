"""The alerts count lines of the functions' logs: they are written as the filters look for them."""

import json
import re
from typing import Any

import pytest
from flask import Flask, request

from tests.labeling.brokers import Clock, SteeredVendor, broker, image
from tests.paths import ROOT
from vidset.labeling.dispatching import dispatch
from vidset.labeling.entry_points import receive_annotation, run_reconcile
from vidset.labeling.errors import TryAgainError
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.vendors.vendor import Report

FILE = ROOT / "infra" / "log_metrics.tf"
TERM = re.compile(r"(severity|jsonPayload\.[\w.]+)(>=|>|=|:)(\*|\"?\w+\"?)")
SEVERITIES = ["DEBUG", "INFO", "WARNING", "ERROR"]


def matches(metric: str, line: dict[str, Any]) -> bool:
    """Whether the metric's filter takes a log line, apart from whose it is."""
    text = FILE.read_text().replace('\\"', '"')
    block = re.search(
        rf'resource "google_logging_metric" "{metric}".*?filter += "([^\n]*)"\n', text, re.DOTALL
    )
    assert block
    terms = TERM.findall(block[1].replace("${local.function_logs}", ""))
    assert len(terms) == block[1].count(" AND ")
    return all(holds(field_of(line, name), comparison, value) for name, comparison, value in terms)


def field_of(line: dict[str, Any], name: str) -> Any:
    """Cloud Logging takes the severity out of the line; all the rest is the payload."""
    found: Any = line
    for part in name.removeprefix("jsonPayload.").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def holds(found: Any, comparison: str, value: str) -> bool:
    wanted = value.strip('"')
    match comparison:
        case ":":
            return found is not None
        case "=":
            return found == wanted
        case ">=":
            return SEVERITIES.index(found) >= SEVERITIES.index(wanted)
        case _:
            return found is not None and found > float(wanted)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "labels.sqlite"))
    yield opened
    opened.close()


def reconciled(works, capsys) -> dict[str, Any]:
    capsys.readouterr()
    with Flask("test").test_request_context(method="POST"):
        run_reconcile(works, request)
    [line] = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_a_run_counts_as_one_and_unanswered_tasks_as_many_as_they_are(store, capsys):
    clock, vendor = Clock(), SteeredVendor()
    works = broker(store, vendor, clock)
    images = [image(f"drive/1/{number:010d}.jpg") for number in range(3)]
    for each in images:
        dispatch(works, each)
    vendor.reports = {each.id: Report(each.id, "42", "open") for each in images}
    in_time = reconciled(works, capsys)
    assert matches("reconciliations", in_time)
    assert not matches("unanswered_tasks", in_time)
    clock.pass_by(hours=1)
    late = reconciled(works, capsys)
    assert matches("unanswered_tasks", late)
    assert 'value_extractor = "EXTRACT(jsonPayload.unanswered.waiting)"' in FILE.read_text()
    assert field_of(late, "jsonPayload.unanswered.waiting") == 3
    # Each is asked for once in the deadline, one hour here: the sum over it is their number.
    clock.pass_by(minutes=30)
    assert not matches("unanswered_tasks", reconciled(works, capsys))


def test_a_run_that_a_vendor_stopped_does_not_count(store, capsys):
    class Down(SteeredVendor):
        def reports_since(self, moment):
            raise TryAgainError("HTTP 503")

    works = broker(store, Down(), Clock())
    assert not matches("reconciliations", reconciled(works, capsys))


def test_an_answer_in_quarantine_is_an_error(store, capsys):
    works = broker(store, SteeredVendor(), Clock())
    headers = {"x-vidset-webhook-secret": "webhook-secret-of-16"}
    with Flask("test").test_request_context(
        method="POST", headers=headers, data="{", content_type="application/json"
    ):
        receive_annotation(works, request)
    line = json.loads(capsys.readouterr().out)
    assert matches("labeling_errors", line)
    assert field_of(line, "jsonPayload.message") == "quarantined"
