"""The jobs' options, as Terraform gives them and as the jobs read them, on either engine."""

import base64
import json
import re
from collections.abc import Mapping

import pytest

from tests.infra.applied import EVERYTHING, ON_CLOUD_RUN, PROJECT, Applied
from tests.infra.conftest import applied
from tests.infra.declared import listed
from tests.paths import ROOT
from vidset.beam import export_job, ingest_job
from vidset.beam.export_options import ExportOptions
from vidset.beam.ingest_options import DeadLetterOptions, IngestOptions
from vidset.cli.command import tree_of
from vidset.cli.main import app
from vidset.intake.dead_letters import is_topic
from vidset.watch.settings import subscription_of

pytestmark = pytest.mark.slow
DATASET = f"{PROJECT}.vidset"
# What a team may say of the ingest job, and how `vidset watch` reads it.
TEAM_S: Mapping[str, str] = {
    "collector": "car-7",
    "every": "0.5",
    "jpeg_quality": "90",
    "local_change": "off",
    "max_brightness": "250",
    "metric": "ssim",
    "min_brightness": "5",
    "min_sharpness": "3",
    "rights": "license=CC-BY-4.0",
    "scratch_bytes": "1000",
    "similarity_threshold": "0.8",
    "tolerance": "0.1",
    "uploads_prefix": "car-7/",
    "video_memory": "1000",
    "video_stream": "all",
    "video_timeout": "600",
}


@pytest.fixture(scope="module")
def with_options(shared) -> Applied:
    """With a value for each option that a team may set."""
    return applied({**ON_CLOUD_RUN, "kms_key": None, "ingest_options": TEAM_S}, shared)


def option_names(*parts) -> set[str]:
    """Of the jobs' own options."""
    added: set[str] = set()

    class Parser:
        def add_argument_group(self, *_):
            return self

        def add_argument(self, name, **_):
            added.add(name.removeprefix("--"))

    for part in parts:
        part._add_argparse_args(Parser())
    return added


def ingest_parameters(everything: Applied) -> dict[str, str]:
    job = everything.values["google_dataflow_flex_template_job.ingest[0]"]
    ids = {
        everything.values["google_pubsub_subscription.uploads"]["id"]: (
            f"projects/{PROJECT}/subscriptions/vidset-uploads"
        ),
        everything.values['google_pubsub_topic.dead_letters["uploads"]']["id"]: (
            f"projects/{PROJECT}/topics/vidset-uploads-dead-letters"
        ),
    }
    parameters: dict[str, str] = job["parameters"]
    return {name: ids.get(value, value) for name, value in parameters.items()}


def export_launch(everything: Applied) -> dict:
    [target] = everything.values["google_cloud_scheduler_job.export[0]"]["http_target"]
    return json.loads(base64.b64decode(target["body"]))["launchParameter"]


DATAFLOW = ["--runner=DataflowRunner", f"--project={PROJECT}", "--region=europe-west1"]


def test_the_ingest_job_takes_its_parameters(everything):
    argv = [f"--{name}={value}" for name, value in ingest_parameters(everything).items()]
    _, settings = ingest_job.configure([*argv, *DATAFLOW])
    assert settings.is_streaming
    assert settings.subscription == f"projects/{PROJECT}/subscriptions/vidset-uploads"
    assert settings.dead_letter_topic == f"projects/{PROJECT}/topics/vidset-uploads-dead-letters"
    assert settings.events.buckets == (f"{PROJECT}-vidset-uploads",)
    assert settings.images == f"gs://{PROJECT}-vidset-images"
    assert settings.ledger == f"bq://{DATASET}"
    # 18 GB of a streaming worker's disk of 30 for two vCPUs of two threads.
    assert settings.scratch_bytes == 18 * 10**9 // 4


def test_every_option_of_the_ingest_job_is_ours_to_set_or_the_team_s(everything):
    ours = set(ingest_parameters(everything))
    assert ours == {
        *("dead_letter_topic", "images", "input_subscription", "ledger", "uploads_bucket"),
    }
    team = listed("ingest_options", "variables_jobs.tf")
    batch = {"dead_letters", "input", "label_store", "redo", "spans"}
    assert option_names(IngestOptions, DeadLetterOptions) == ours | team | batch


def test_the_export_job_takes_its_parameters(everything):
    parameters = export_launch(everything)["parameters"]
    argv = [f"--{name}={value}" for name, value in parameters.items()]
    _, settings = export_job.configure([*argv, *DATAFLOW])
    assert settings.store == f"firestore://{PROJECT}/vidset"
    assert settings.warehouse == f"bq://{DATASET}"
    assert settings.staging == f"gs://{PROJECT}-vidset-staging/export/rows"
    assert settings.dead_letters == f"gs://{PROJECT}-vidset-staging/dead_letters"
    assert set(parameters) <= option_names(ExportOptions, DeadLetterOptions)


def cloud_run_call(with_options: Applied, job: str) -> tuple[str, dict]:
    """The command that a task runs, and its options, as `vidset` reads them."""
    template = with_options.values[f'google_cloud_run_v2_job.jobs["{job}"]']["template"][0]
    subscription = with_options.values["google_pubsub_subscription.uploads"]["id"]
    topic = with_options.values['google_pubsub_topic.dead_letters["uploads"]']["id"]
    command, *arguments = (
        each.replace(subscription, f"projects/{PROJECT}/subscriptions/vidset-uploads").replace(
            topic, f"projects/{PROJECT}/topics/vidset-uploads-dead-letters"
        )
        for each in template["template"][0]["containers"][0]["args"]
    )
    tree = tree_of(app)
    return command, tree.commands[command].make_context(command, arguments).params  # type: ignore[attr-defined]


def test_a_task_on_cloud_run_takes_the_options_of_the_ingest_job(with_options):
    command, read = cloud_run_call(with_options, "ingest")
    assert TEAM_S.keys() == listed("ingest_options", "variables_jobs.tf")
    assert command == "watch"
    assert subscription_of(read["source"]) == f"projects/{PROJECT}/subscriptions/vidset-uploads"
    topic = f"pubsub:projects/{PROJECT}/topics/vidset-uploads-dead-letters"
    assert (read["dead_letters"], is_topic(topic)) == (topic, True)
    assert read["buckets"] == [f"{PROJECT}-vidset-uploads"]
    assert read["images"] == f"gs://{PROJECT}-vidset-images"
    assert read["ledger"] == f"bq://{DATASET}"
    assert read["exit_zero"]
    names = {"similarity_threshold": "similarity", "uploads_prefix": "prefix"}
    names["video_stream"] = "stream"
    team = {names.get(name, name): value for name, value in TEAM_S.items()}
    team["rights"] = str([TEAM_S["rights"]])  # It may be given more than once.
    assert {name: str(read[name]).removesuffix(".0") for name in team} == team


def test_a_task_on_cloud_run_exports_as_dataflow_does(with_options, everything):
    command, read = cloud_run_call(with_options, "export")
    assert command == "sync"
    names = ("store", "warehouse", "staging", "dead_letters")
    assert {name: read[name] for name in names} == export_launch(everything)["parameters"]
    assert read["exit_zero"]


@pytest.mark.parametrize("job", ["ingest", "export"])
def test_the_templates_take_the_parameters(everything, job):
    file = {"ingest": "metadata.json", "export": "export-metadata.json"}[job]
    template = json.loads((ROOT / "docker" / "beam" / file).read_text())
    wanted = {each["name"]: each for each in template["parameters"]}
    given = (
        ingest_parameters(everything)
        if job == "ingest"
        else export_launch(everything)["parameters"]
    )
    for name, value in given.items():
        for regex in wanted[name].get("regexes", []):
            assert re.fullmatch(regex, value), f"{name}={value} does not fit {regex}"
    required = {name for name, each in wanted.items() if not each.get("isOptional")}
    assert required <= set(given)


def test_the_jobs_run_the_image_as_their_accounts(everything):
    launched = export_launch(everything)["environment"]
    assert launched["sdkContainerImage"] == EVERYTHING["worker_image"]
    account = everything.values["google_service_account.export"]["email"]
    assert launched["serviceAccountEmail"] == account
    job = everything.values["google_dataflow_flex_template_job.ingest[0]"]
    assert job["sdk_container_image"] == EVERYTHING["worker_image"]
