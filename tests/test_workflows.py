"""GitHub's workflows: well formed, without keys, with no target that the Makefile lacks."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.linters import lint
from tests.paths import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
# What a job may do beyond reading the repository, and why it is needed is in the file.
MORE = {
    ("infra", "plan"): {"id-token", "pull-requests"},
    ("release", "attest"): {"attestations", "id-token"},
    ("release", "publish"): {"id-token"},
    ("release", "image"): {"attestations", "id-token"},
}


def load(path: Path) -> dict[str, Any]:
    """YAML 1.1 reads the key `on` as true."""
    workflow = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in workflow.items()}


def jobs() -> dict[tuple[str, str], dict[str, Any]]:
    return {(path.stem, name): job for path in FILES for name, job in load(path)["jobs"].items()}


def steps() -> list[dict[str, Any]]:
    return [step for job in jobs().values() for step in job["steps"]]


def test_there_are_the_four_workflows():
    assert [path.name for path in FILES] == ["check.yml", "infra.yml", "release.yml", "test.yml"]


@EACH_FILE
def test_a_workflow_is_as_github_reads_it(path):
    checked = lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path)
    assert checked.returncode == 0, checked.stdout


@EACH_FILE
def test_zizmor_finds_no_weakness(path):
    found = lint("zizmor", "--offline", "--no-config", "--format", "plain", path)
    assert found.returncode == 0, found.stdout


def test_zizmor_would_find_a_weakness(tmp_path):
    copy = tmp_path / "infra.yml"
    text = (FOLDER / "infra.yml").read_text()
    copy.write_text(text.replace("\n  pull_request:", "\n  pull_request_target:"))
    assert "dangerous-triggers" in lint("zizmor", "--offline", "--no-config", copy).stdout


def test_every_action_is_pinned_by_commit_with_its_version():
    lines = [line for path in FILES for line in path.read_text().splitlines() if "uses:" in line]
    pinned = re.compile(r"\s*- uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert len(lines) > 15
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_an_action_has_one_commit_everywhere():
    used = {step["uses"].split("@")[0]: set() for step in steps() if "uses" in step}
    for step in steps():
        if "uses" in step:
            used[step["uses"].split("@")[0]].add(step["uses"])
    assert {name for name, versions in used.items() if len(versions) > 1} == set()


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    called = {
        target
        for step in steps()
        for line in step.get("run", "").splitlines()
        for target in re.findall(r"\bmake ([\w./-]+)", line)
    }
    assert {"check", "test", "infra-check", "plan", "image", "functions"} <= called
    assert called <= targets


@EACH_FILE
def test_nothing_is_permitted_for_all_jobs(path):
    assert load(path)["permissions"] == {}


@pytest.mark.parametrize("name", sorted(jobs()), ids=" ".join)
def test_a_job_may_write_only_what_is_known(name):
    permissions = jobs()[name]["permissions"]
    assert {scope for scope, level in permissions.items() if level == "write"} == MORE.get(
        name, set()
    )
    assert permissions.get("contents", "read") == "read"


@EACH_FILE
def test_no_workflow_runs_for_others_with_our_rights(path):
    events = load(path)["on"]
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)


def test_who_gets_credentials_is_no_fork():
    for name, job in jobs().items():
        if "id-token" not in job["permissions"] or "pull_request" not in load_on(name):
            continue
        condition = " ".join(job["if"].split())
        same = "github.event.pull_request.head.repo.full_name == github.repository"
        assert same in condition, name


def load_on(name: tuple[str, str]) -> dict[str, Any]:
    return load(FOLDER / f"{name[0]}.yml")["on"]


def test_there_are_no_keys():
    text = "\n".join(path.read_text() for path in FILES)
    assert "secrets." not in text
    assert "credentials_json" not in text
    assert not re.search(r"password|_KEY\b|PRIVATE KEY", text)


def test_google_is_asked_by_workload_identity_alone():
    auths = [
        step for step in steps() if step.get("uses", "").startswith("google-github-actions/auth")
    ]
    assert len(auths) == 2
    for step in auths:
        assert set(step["with"]) == {"workload_identity_provider", "service_account"}


def test_no_checkout_leaves_its_token_behind():
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout")]
    assert len(checkouts) >= 6
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@EACH_FILE
def test_runs_of_one_branch_do_not_overlap(path):
    concurrency = load(path)["concurrency"]
    assert concurrency["group"] == f"{path.stem}-${{{{ github.ref }}}}"
    # What is half published is not broken off.
    assert concurrency["cancel-in-progress"] is (path.stem != "release")


def test_every_job_ends_some_time():
    assert [name for name, job in jobs().items() if not 1 <= job["timeout-minutes"] <= 120] == []


def test_tests_run_on_every_python_of_the_package():
    classifiers = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    [job] = [job for name, job in jobs().items() if name == ("test", "test")]
    assert job["strategy"]["matrix"]["python"] == classifiers
    assert job["env"]["VIDSET_REQUIRE_TOOLS"] == "1"


def test_the_plans_comment_is_one_that_is_updated():
    [comment] = [step for step in steps() if step.get("name") == "Comment"]
    assert "--method PATCH" in comment["run"]
    assert comment["run"].count("<!-- vidset: terraform plan -->") == 2
    # What a pull request could choose reaches the shell only as a variable.
    assert "${{" not in comment["run"]


@pytest.mark.parametrize("name", ["plan", "image"])
def test_variables_of_the_repository_are_documented(name):
    [job] = [job for key, job in jobs().items() if key[1] == name]
    wanted = set(re.findall(r"vars\.(\w+)", yaml.safe_dump(job)))
    documented = (ROOT / "docs" / "deploy.md").read_text()
    assert wanted
    assert {variable for variable in wanted if f"`{variable}`" not in documented} == set()
