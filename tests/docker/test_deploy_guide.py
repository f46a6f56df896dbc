"""docs/deploy.md: what it names exists, and its costs are those that docs/costs.py computes."""

import importlib.util
import re
import sys

import pytest

from tests.paths import ROOT

GUIDE = (ROOT / "docs" / "deploy.md").read_text()
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
SHELL = "\n".join(text for kind, text in FENCES if kind == "sh")
HCL = "\n".join(text for kind, text in FENCES if kind == "hcl")
INLINE = "\n".join(re.findall(r"`([^`\n]+)`", GUIDE))
TERRAFORM = "\n".join(path.read_text() for path in sorted((ROOT / "infra").glob("*.tf")))


def declared(kind: str) -> set[str]:
    """Names of Terraform's variables, or outputs."""
    return set(re.findall(rf'^{kind} "(\w+)"', TERRAFORM, re.MULTILINE))


@pytest.fixture(scope="module")
def costs():
    path = ROOT / "docs" / "costs.py"
    spec = importlib.util.spec_from_file_location("costs", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["costs"] = module  # Its dataclasses look themselves up there.
    spec.loader.exec_module(module)
    return module


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake ([a-z-]+)", SHELL + "\n" + INLINE))
    assert {"plan", "apply", "bases", "image", "template", "functions", "deploy"} <= called
    assert called <= targets


def test_every_variable_of_make_exists():
    makefile = (ROOT / "Makefile").read_text()
    given = set(re.findall(r"\bmake [a-z-]+.*?\b([A-Z]+)=", SHELL))
    assert given == {"ARGS", "ENGINE", "STATE"}
    assert all(f"$({name})" in makefile for name in given)


def test_every_terraform_variable_exists():
    set_in_files = set(re.findall(r"^(\w+)\s*=", HCL, re.MULTILINE))
    set_in_text = set(re.findall(r"^(\w+) = ", INLINE, re.MULTILINE)) - {"worker_image"}
    on_the_command_line = set(re.findall(r"-var=(\w+)=", SHELL))
    assert len(set_in_files) >= 8
    assert on_the_command_line == {"allow_data_deletion"}
    assert set_in_files | set_in_text | on_the_command_line <= declared("variable")


@pytest.mark.parametrize("variable", ["worker_image", "cloud_run_image"])
def test_the_image_is_the_variable_that_make_image_writes(variable):
    assert variable in declared("variable")
    script = (ROOT / "docker" / "build.sh").read_text()
    assert f" variable={variable} " in script
    assert f"infra/{variable}.auto.tfvars" in GUIDE


def test_every_terraform_output_exists():
    named = set(re.findall(r"terraform -chdir=infra output (\w+)", SHELL + "\n" + INLINE))
    assert len(named) >= 6
    assert named | {"image_repository"} <= declared("output")


def test_the_github_outputs_have_what_the_variables_are_set_to():
    [block] = re.findall(r'^output "github" \{.*?^\}', TERRAFORM, re.MULTILINE | re.DOTALL)
    for key in "workload_identity_provider", "plan_account", "image_account":
        assert f"`{key}`" in GUIDE
        assert re.search(rf"\b{key}\s*=", block)


def test_the_secrets_are_those_of_the_code():
    named = set(re.findall(r"gcloud secrets versions add (\S+)", SHELL))
    assert named == {"LABEL_STUDIO_TOKEN"}
    assert '"LABEL_STUDIO_TOKEN"' in TERRAFORM


def test_the_buckets_are_named_as_in_the_code():
    """local.buckets: PROJECT-NAME-PART, but for the state's, which is made by hand."""
    parts = set(re.findall(r"gs://team-videos-vidset-(\w+)", GUIDE))
    assert parts == {"images", "releases", "staging", "uploads"}
    assert '"${var.project_id}-${var.name}-${part}"' in TERRAFORM
    assert '["blurred", "datasets", "images", "releases", "staging", "uploads"]' in TERRAFORM


def test_the_queries_name_tables_and_columns_that_exist():
    schemas = ROOT / "infra" / "schemas"
    for table, columns in (("videos", "status samples kept"),):
        text = (schemas / f"{table}.json").read_text()
        assert all(f'"{column}"' in text for column in columns.split())
    view = (schemas / "views" / "bigquery" / "objects.sql").read_text()
    for column in ["image_uri", "label", "x", "y", "width", "height"]:
        assert re.search(rf"\b{column}\b", view), column


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", GUIDE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_costs_are_computed(costs):
    assert costs.cost_table() in GUIDE
    assert costs.price_table() in GUIDE
    assert costs.engine_table() in GUIDE
    assert costs.pipeline_table() in GUIDE
    assert f"From {costs.crossing():,} hours of video a month on, Dataflow is cheaper" in GUIDE
    assert f'"*/15 * * * *"` costs up to ${costs.more_often(4):.0f} a month more' in GUIDE


@pytest.mark.parametrize(
    ("hours", "workers"),
    [
        pytest.param(0, 1, id="waiting"),
        pytest.param(29_000, 1, id="nearly-full"),
        pytest.param(30_000, 2, id="more"),
        pytest.param(300_000, 11, id="ten-times"),
    ],
)
def test_workers_follow_the_hours(costs, hours, workers):
    assert costs.workers(hours) == workers


def test_an_idle_month_costs_what_waits(costs):
    idle = {name: round(dollars, 2) for name, dollars in costs.monthly(0).items() if dollars}
    # 730 h of 2 vCPUs, 8 GB and 30 GB of disk; 730 exports of 5 minutes; 1 GB of image.
    assert idle == {
        "ingest job (Dataflow, streaming)": 122.70,
        "export job (Dataflow, batch, hourly)": 11.43,
        "worker image (Artifact Registry)": 0.10,
    }


def test_every_price_says_where_it_is_from(costs):
    assert {price.source for price in costs.PRICES.values()} == {"page", "copies", "memory"}
    assert all(f"*{source}*" in GUIDE for source in ("page", "copies", "memory"))
