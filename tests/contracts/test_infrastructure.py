"""What Terraform says, and what the code that it deploys reads: one and the same."""

import ast
import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

import pytest
from typer.main import get_command

from tests.infra.applied import EVERYTHING, INFRA, ON_CLOUD_RUN, PROJECT, Applied
from tests.infra.conftest import applied
from tests.infra.once import shared_folder
from tests.paths import ROOT
from vidset.beam import export_job, ingest_job
from vidset.beam.export_options import ExportOptions
from vidset.beam.ingest_options import DeadLetterOptions, IngestOptions
from vidset.cli.main import app
from vidset.intake.dead_letters import is_topic
from vidset.labeling.settings import Settings, Use
from vidset.tables.schemas import schema_folder, tables
from vidset.uploads import COLLECTOR_ID
from vidset.warehouse.views import VIEWS, view_sql
from vidset.watch.settings import subscription_of

pytestmark = pytest.mark.slow
# By function, what the code calls its use.
USES: Mapping[str, Use] = {
    "google_cloudfunctions2_function.request_labeling[0]": "request",
    "google_cloudfunctions2_function.receive_annotation[0]": "receive",
    'google_cloudfunctions2_function.reconcile["reconcile"]': "dispatch",
    'google_cloudfunctions2_function.reconcile["reconcile-ledger"]': "dispatch",
}
# The truth labeler answers from a file: for demos and tests.
NOT_IN_THE_CLOUD = {"LABELING_TRUTH", "LABELING_TRUTH_SECRET"}
SECRETS = {
    "LABEL_STUDIO_TOKEN",
    "LABEL_STUDIO_WEBHOOK_SECRET",
    "SCALE_API_KEY",
    "SCALE_CALLBACK_AUTH",
}
OURS = {
    "LABELING_CALLBACK_URL",
    "LABELING_IMAGES",
    "LABELING_LEDGER",
    "LABELING_STORE",
    "LABELING_VENDOR",
}
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
    "scratch_bytes": "1000",
    "similarity_threshold": "0.8",
    "tolerance": "0.1",
    "uploads_prefix": "car-7/",
    "video_memory": "1000",
    "video_stream": "all",
    "video_timeout": "600",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    return shared_folder(tmp_path_factory)


@pytest.fixture(scope="module", params=["label-studio", "scale"])
def labeled_by(request, shared) -> Applied:
    variables = {**EVERYTHING, "kms_key": None, "labeling_vendor": request.param}
    return applied(variables, shared)


@pytest.fixture(scope="module")
def everything(shared) -> Applied:
    return applied(EVERYTHING, shared)


@pytest.fixture(scope="module")
def on_cloud_run(shared) -> Applied:
    """With a value for each option that a team may set."""
    return applied({**ON_CLOUD_RUN, "kms_key": None, "ingest_options": TEAM_S}, shared)


@pytest.fixture(scope="module")
def first(shared) -> Applied:
    return applied({}, shared)


class Watched(dict[str, str]):
    """An environment that keeps the names it was asked for."""

    def __init__(self, values: Mapping[str, str]):
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, name: str, default: str = "") -> str:
        self.read.add(name)
        return super().get(name, default)


def environments(everything: Applied) -> Iterator[tuple[Use, Watched]]:
    """Of each function, with values where Terraform has a cloud's or a secret's."""
    for function, use in USES.items():
        [service] = everything.values[function]["service_config"]
        secrets = [each["key"] for each in service["secret_environment_variables"]]
        values = service["environment_variables"] | dict.fromkeys(secrets, "a-secret-of-sixteen")
        if "LABELING_CALLBACK_URL" in values:
            values["LABELING_CALLBACK_URL"] = "https://receive.example.com"
        yield use, Watched(values)


def test_the_functions_start_with_their_environment(labeled_by):
    for use, environment in environments(labeled_by):
        settings = Settings.from_environment(environment, use)
        assert settings.store == f"firestore://{PROJECT}/vidset"
        assert settings.images == f"gs://{PROJECT}-vidset-images"


def test_the_functions_read_every_variable_that_they_are_given(labeled_by):
    for use, environment in environments(labeled_by):
        Settings.from_environment(environment, use)
        assert set(environment) <= environment.read


def test_what_the_functions_read_can_be_set_and_no_secret_by_value(everything):
    for use, environment in environments(everything):
        Settings.from_environment(environment, use)
        options = listed("labeling_options", "variables_labeling.tf")
        assert options | SECRETS | OURS | NOT_IN_THE_CLOUD == environment.read
        assert not options & (SECRETS | OURS)


def test_only_the_daily_reconcile_reads_the_ledger(everything):
    ledgers = [environment.get("LABELING_LEDGER") for _, environment in environments(everything)]
    assert ledgers == ["", "", "", f"bq://{DATASET}"]


def test_the_entry_points_are_functions_of_main(everything):
    code = ast.parse((ROOT / "functions" / "labeling_task" / "main.py").read_text())
    functions = {node.name for node in code.body if isinstance(node, ast.FunctionDef)}
    builds = [everything.values[function]["build_config"][0] for function in USES]
    assert {build["entry_point"] for build in builds} == functions
    # main.py knows which settings a function needs by this name.
    uses = dict(
        re.findall(r'"(\w+)": "(\w+)"', (ROOT / "functions/labeling_task/main.py").read_text())
    )
    for function, use in USES.items():
        entry_point = everything.values[function]["build_config"][0]["entry_point"]
        assert uses.get(entry_point, "dispatch") == use


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


def cloud_run_call(on_cloud_run: Applied, job: str) -> tuple[str, dict]:
    """The command that a task runs, and its options, as `vidset` reads them."""
    template = on_cloud_run.values[f'google_cloud_run_v2_job.jobs["{job}"]']["template"][0]
    subscription = on_cloud_run.values["google_pubsub_subscription.uploads"]["id"]
    topic = on_cloud_run.values['google_pubsub_topic.dead_letters["uploads"]']["id"]
    command, *arguments = (
        each.replace(subscription, f"projects/{PROJECT}/subscriptions/vidset-uploads").replace(
            topic, f"projects/{PROJECT}/topics/vidset-uploads-dead-letters"
        )
        for each in template["template"][0]["containers"][0]["args"]
    )
    tree = get_command(app)
    return command, tree.commands[command].make_context(command, arguments).params  # type: ignore[attr-defined]


def test_a_task_on_cloud_run_takes_the_options_of_the_ingest_job(on_cloud_run):
    command, read = cloud_run_call(on_cloud_run, "ingest")
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
    assert {name: str(read[name]).removesuffix(".0") for name in team} == team


def test_a_task_on_cloud_run_exports_as_dataflow_does(on_cloud_run, everything):
    command, read = cloud_run_call(on_cloud_run, "export")
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


def listed(variable: str, file: str) -> set[str]:
    """The keys that a map variable may have."""
    text = (INFRA / file).read_text()
    block = re.search(rf'variable "{variable}" {{.*?setsubtract\([^\[]*\[(.*?)\]', text, re.DOTALL)
    assert block
    return set(re.findall(r'"(\w+)"', block[1]))


def test_terraform_and_the_uploader_take_the_same_collectors():
    text = (INFRA / "variables.tf").read_text()
    patterns = re.findall(r'for id in var\.collectors : can\(regex\("\^(.+)\$", id\)\)', text)
    assert patterns == [COLLECTOR_ID.pattern]


def test_terraform_deploys_the_archive_that_make_builds(first):
    assert first.outputs["functions_archive"].endswith("/../build/labeling_task.zip")
    assert " build/labeling_task.zip" in (ROOT / "Makefile").read_text()
