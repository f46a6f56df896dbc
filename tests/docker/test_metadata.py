"""The Flex Templates' parameters are the jobs' options; their patterns take what the jobs take."""

import argparse
import json
import re

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from tests.paths import ROOT
from vidset.beam.export_options import ExportOptions
from vidset.beam.ingest_options import DeadLetterOptions, IngestOptions

BEAM = ROOT / "docker" / "beam"
INGEST, EXPORT = "metadata.json", "export-metadata.json"
OPTIONS = {INGEST: (IngestOptions, DeadLetterOptions), EXPORT: (ExportOptions, DeadLetterOptions)}
REQUIRED = {INGEST: {"images", "ledger"}, EXPORT: {"store", "warehouse", "dead_letters"}}
# A local file of whoever starts a job, which a template's launcher does not have.
NO_PARAMETER = {"spans"}
# Enough for settings, for one option to be added or replaced.
VALID = {
    INGEST: {
        "images": "gs://images",
        "ledger": "bq://project-1.vidset",
        "input_subscription": "projects/project-1/subscriptions/uploads",
        "uploads_bucket": "uploads",
        "dead_letter_topic": "projects/project-1/topics/dead-letters",
    },
    EXPORT: {
        "store": "firestore://project-1",
        "warehouse": "bq://project-1.vidset",
        "dead_letters": "gs://staging/dead_letters",
        "staging": "gs://staging/export",
    },
}


def parameters(template: str) -> dict[str, dict]:
    return {each["name"]: each for each in json.loads((BEAM / template).read_text())["parameters"]}


def matches(template: str, name: str, value: str) -> bool:
    return all(re.search(regex, value) for regex in parameters(template)[name]["regexes"])


def settings(template: str, values: dict[str, str]):
    arguments = [f"--{name}={value}" for name, value in values.items()]
    options = IngestOptions if template == INGEST else ExportOptions
    return PipelineOptions(arguments).view_as(options).settings()


@pytest.mark.parametrize("template", [INGEST, EXPORT])
def test_the_parameters_are_the_jobs_options(template):
    parser = argparse.ArgumentParser(add_help=False)
    for options in OPTIONS[template]:
        options._add_argparse_args(parser)
    names = {action.dest for action in parser._actions}
    assert set(parameters(template)) == names - NO_PARAMETER


@pytest.mark.parametrize("template", [INGEST, EXPORT])
def test_each_parameter_is_explained_and_anchored(template):
    for name, parameter in parameters(template).items():
        assert set(parameter) <= {"name", "label", "helpText", "isOptional", "regexes"}
        assert len(parameter["label"]) >= 4, name
        assert parameter["helpText"].endswith("."), name
        [regex] = parameter["regexes"]
        assert (regex[0], regex[-1]) == ("^", "$"), name
        # What any engine knows: neither looking around nor back.
        assert not re.search(r"\(\?|\\[1-9]", regex), name


@pytest.mark.parametrize("template", [INGEST, EXPORT])
def test_what_the_job_cannot_do_without_is_not_optional(template):
    needed = {name for name, each in parameters(template).items() if not each.get("isOptional")}
    assert needed == REQUIRED[template]
    for name in needed:
        without = {key: value for key, value in VALID[template].items() if key != name}
        with pytest.raises(ValueError, match=f"--{name} is required"):
            settings(template, without)


def test_only_the_ingest_job_streams():
    assert json.loads((BEAM / INGEST).read_text())["streaming"] is True
    assert "streaming" not in json.loads((BEAM / EXPORT).read_text())


# By template and parameter: what is taken, and what is not.
EXAMPLES = [
    (INGEST, "images", ["gs://images", "gs://im.ages_1/a/b/"], ["images", "gs://", "s3://images"]),
    (INGEST, "ledger", ["bq://project-1.vidset", "gs://led/x"], ["bq://project-1", "/var/ledger"]),
    (
        INGEST,
        "input_subscription",
        ["projects/project-1/subscriptions/uploads"],
        ["uploads", "projects/project-1/topics/uploads", "projects//subscriptions/uploads"],
    ),
    (INGEST, "input", ["gs://uploads", "gs://uploads/c7/a.mp4"], ["/videos", "uploads"]),
    (
        INGEST,
        "dead_letter_topic",
        ["projects/project-1/topics/dead-letters"],
        ["dead-letters", "projects/project-1/subscriptions/dead-letters"],
    ),
    (INGEST, "dead_letters", ["gs://staging/dead_letters"], ["dead_letters", "bq://p.d"]),
    (INGEST, "uploads_bucket", ["uploads", "team.uploads-1"], ["gs://uploads", "u", "a/b"]),
    (INGEST, "uploads_prefix", ["c7/", "incoming"], ["", "/incoming"]),
    (INGEST, "video_stream", ["0", "3", "all"], ["-1", "first", ""]),
    (INGEST, "video_timeout", ["1", "21600"], ["0", "-1", "1h"]),
    (INGEST, "video_memory", ["3200"], ["0", "3 GB"]),
    (INGEST, "redo", ["failed", "partial", "outdated"], ["done", ""]),
    (INGEST, "rights", ["license=CC-BY-4.0", "consent=form 12"], ["MIT", "owner=me", "license="]),
    (INGEST, "label_store", ["firestore://project-1/labels"], ["sqlite:labels.db", ""]),
    (INGEST, "collector", ["c7"], ["", "c7/front"]),
    (INGEST, "every", ["1", "0.5", "1/30", "10"], ["0", "0.0", "-1", "one", "1/0", "0/3"]),
    (INGEST, "tolerance", ["0", "0.4", "1/3"], ["-1", "x", "1/0"]),
    (INGEST, "metric", ["ssim"], ["psnr", ""]),
    (INGEST, "similarity_threshold", ["0.9", "2"], ["-0.1", "high"]),
    (INGEST, "local_change", ["20", "off", "255", "0.5"], ["256", "255.1", "on", "-1"]),
    (INGEST, "jpeg_quality", ["1", "95", "100"], ["0", "101", "95.5"]),
    (INGEST, "min_sharpness", ["0", "120.5"], ["-1", "sharp"]),
    (INGEST, "min_brightness", ["12", "255"], ["256", "-1"]),
    (INGEST, "max_brightness", ["243.5"], ["300", "-1"]),
    (INGEST, "scratch_bytes", ["0", "2147483648"], ["-1", "8GiB"]),
    (
        EXPORT,
        "store",
        [
            "firestore://project-1",
            "firestore://project-1/labels",
            "firestore://project-1/(default)",
        ],
        ["sqlite:labels.db", "project-1", "firestore://"],
    ),
    (EXPORT, "warehouse", ["bq://project-1.vidset"], ["project-1.vidset", "bq://project-1"]),
    (EXPORT, "dead_letters", ["gs://staging/dead_letters"], ["dead_letters", ""]),
    (EXPORT, "staging", ["gs://staging/export"], ["export", "s3://staging"]),
    (EXPORT, "parts", ["1", "64"], ["0", "-4", "many"]),
    (EXPORT, "full", ["true", "false"], ["yes", ""]),
]
CASES = [pytest.param(*each, id=f"{each[0].partition('.')[0]}-{each[1]}") for each in EXAMPLES]
# Of an option's pair, the one that makes way for the other.
INSTEAD = {"input": "input_subscription", "dead_letters": "dead_letter_topic"}


def test_there_are_examples_of_every_parameter():
    for template in OPTIONS:
        assert {name for of, name, _, _ in EXAMPLES if of == template} == set(parameters(template))


@pytest.mark.parametrize(("template", "name", "good", "bad"), CASES)
def test_a_pattern_takes_good_values_and_no_bad_ones(template, name, good, bad):
    assert [value for value in good if not matches(template, name, value)] == []
    assert [value for value in bad if matches(template, name, value)] == []


@pytest.mark.parametrize(("template", "name", "good", "bad"), CASES)
def test_the_job_takes_what_its_pattern_takes(template, name, good, bad):
    if name == "full":  # A flag: launch.py translates it.
        return
    for value in good:
        values = {**VALID[template], name: value}
        if template == INGEST and name in INSTEAD:
            del values[INSTEAD[name]]
        if name in ("input", "redo"):  # A batch job.
            for streaming in "input_subscription", "uploads_bucket", "dead_letter_topic":
                values.pop(streaming, None)
            values.setdefault("input", "gs://uploads")
            values["dead_letters"] = "gs://staging/dead_letters"
        assert settings(template, values)
