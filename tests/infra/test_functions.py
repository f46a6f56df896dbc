"""The labeling functions' settings, as Terraform gives them and as the functions read them."""

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.infra.applied import EVERYTHING, PROJECT, Applied
from tests.infra.conftest import applied
from tests.infra.declared import listed
from tests.paths import ROOT
from vidset.labeling.settings import Settings, Use

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
    "LABELING_COPIES",
    "LABELING_IMAGES",
    "LABELING_LEDGER",
    "LABELING_STORE",
    "LABELING_VENDOR",
}
DATASET = f"{PROJECT}.vidset"


@pytest.fixture(scope="module", params=["label-studio", "scale"])
def labeled_by(request, shared) -> Applied:
    variables = {**EVERYTHING, "kms_key": None, "labeling_vendor": request.param}
    return applied(variables, shared)


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


def test_behind_the_gate_the_functions_read_copies_and_name_originals(with_gate):
    for use, environment in environments(with_gate):
        settings = Settings.from_environment(environment, use)
        assert settings.images == f"gs://{PROJECT}-vidset-images"
        assert settings.copies == f"gs://{PROJECT}-vidset-blurred"


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


def test_terraform_deploys_the_archive_that_make_builds(first):
    assert first.outputs["functions_archive"].endswith("/../build/labeling_task.zip")
    assert " build/labeling_task.zip" in (ROOT / "Makefile").read_text()
