"""What Dataflow would be given: built by its own runner, without a cloud."""

import json
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DebugOptions

from vidset.beam.ingest_job import build, configure

pytest.importorskip("apache_beam.runners.dataflow.internal.apiclient", exc_type=ImportError)

COMMON = [
    "--runner=DataflowRunner",
    "--dry_run=True",
    "--no_auth",
    "--project=project-1",
    "--region=europe-west1",
    "--temp_location=gs://staging/temp",
    "--staging_location=gs://staging/staging",
    "--sdk_container_image=europe-docker.pkg.dev/project-1/vidset/beam:1",
    "--images=gs://images",
]
STREAMING = [
    *COMMON,
    "--input_subscription=projects/project-1/subscriptions/uploads",
    "--uploads_bucket=uploads",
    "--dead_letter_topic=projects/project-1/topics/dead-letters",
    "--ledger=bq://project-1.vidset",
]
BATCH = [
    *COMMON,
    "--input=gs://uploads",
    "--dead_letters=gs://ledger/dead_letters",
    "--ledger=gs://ledger",
]


def job(arguments: list[str]):
    options, settings = configure(arguments)
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings)
    return pipeline.run().job


def transforms(of) -> dict[str, Any]:
    """Every transform of the portable pipeline, by its full name."""
    components = of.proto_pipeline.components
    return {each.unique_name: each for each in components.transforms.values()}


def top_steps(of) -> list[str]:
    components = of.proto_pipeline.components
    [root] = of.proto_pipeline.root_transform_ids
    return [
        components.transforms[each].unique_name
        for each in components.transforms[root].subtransforms
    ]


def test_the_streaming_job_keeps_its_step_names():
    """An update of a running job maps its state by these names."""
    of = job(STREAMING)
    assert json.loads(str(of))["type"] == "JOB_TYPE_STREAMING"
    assert top_steps(of) == [
        "Read events",
        "Parse events",
        "Drop repeats",
        "Redistribute",
        "Extract frames",
        "Write ledger",
        "All dead letters",
        "Write dead letters",
    ]


def test_the_batch_job_is_the_same_behind_another_source():
    of = job(BATCH)
    assert json.loads(str(of))["type"] == "JOB_TYPE_BATCH"
    assert top_steps(of)[:2] == ["Inputs", "List videos"]
    assert top_steps(of)[2:] == top_steps(job(STREAMING))[2:]


@pytest.mark.parametrize("arguments", [STREAMING, BATCH], ids=["streaming", "batch"])
def test_the_reshuffle_stands_right_before_the_decoding(arguments):
    """Dataflow acknowledges an event once what follows is persisted: not after an hour's work."""
    of = transforms(job(arguments))
    reshuffle, extract = of["Redistribute"], of["Extract frames"]
    assert reshuffle.spec.urn == "beam:transform:reshuffle:v1"
    assert set(reshuffle.outputs.values()) == set(extract.inputs.values())
    assert set(of["Drop repeats"].outputs.values()) == set(reshuffle.inputs.values())


def test_workers_hold_few_decoders_at_once():
    options, _ = configure(STREAMING)
    assert options.view_as(DebugOptions).number_of_worker_harness_threads == 2
    options, _ = configure([*STREAMING, "--number_of_worker_harness_threads=5"])
    assert options.view_as(DebugOptions).number_of_worker_harness_threads == 5


def test_no_credentials_and_no_signature_are_in_the_job():
    text = str(job(STREAMING).proto_pipeline)
    assert "Signature" not in text
    assert "private_key" not in text
