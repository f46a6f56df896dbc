"""The targets that build and deploy, with recorders in place of docker, gcloud and terraform."""

import re

import pytest

from tests.docker.checkouts import (
    BASES,
    DIGEST,
    LAUNCHER,
    RELEASES,
    REPOSITORY,
)


def test_bases_are_pinned_by_digest_and_beam_by_the_locked_version(checkout):
    ended = checkout.make("bases")
    assert ended.returncode == 0, ended.stderr
    lines = (checkout.folder / "docker" / "beam" / "bases.env").read_text().splitlines()
    assert lines == [
        f"PYTHON_IMAGE=docker.io/library/python:3.11-slim@{DIGEST}",
        f"BEAM_IMAGE=docker.io/apache/beam_python3.11_sdk:2.77.0@{DIGEST}",
        f"LAUNCHER_IMAGE={LAUNCHER}@{DIGEST}",
    ]


def test_bases_stay_as_they_were_when_a_registry_tells_no_digest(ready):
    ended = ready.make("bases", DIGEST="latest")
    assert ended.returncode == 2
    assert "wanted a digest, got 'latest'" in ended.stderr
    assert (ready.folder / "docker" / "beam" / "bases.env").read_text() == BASES


def test_image_is_built_of_pinned_bases_and_its_digest_is_for_terraform(ready):
    ended = ready.make("image")
    assert ended.returncode == 0, ended.stderr
    [_, build] = ready.calls
    assert f"--build-arg BEAM_IMAGE=example.org/beam@{DIGEST}" in build
    assert f"--tag {REPOSITORY}/worker:" in build
    assert "--platform linux/amd64" in build
    assert build.endswith("--push .")
    written = (ready.folder / "infra" / "worker_image.auto.tfvars").read_text()
    assert written == f'worker_image = "{REPOSITORY}/worker@{DIGEST}"\n'


def test_image_is_that_of_the_engine_which_terraforms_variables_name(ready):
    ready.write(
        "infra/terraform.tfvars", 'project_id = "p"\ningest_engine = "cloud_run" # Small.\n'
    )
    ended = ready.make("image")
    assert ended.returncode == 0, ended.stderr
    [_, build] = ready.calls
    assert "--file docker/cloud_run/Dockerfile --platform linux/amd64" in build
    base = f"--build-arg PYTHON_IMAGE=example.org/python@{DIGEST}"
    assert f"{base} --build-arg REVISION=" in build
    assert f"--tag {REPOSITORY}/cloud-run:" in build
    written = (ready.folder / "infra" / "cloud_run_image.auto.tfvars").read_text()
    assert written == f'cloud_run_image = "{REPOSITORY}/cloud-run@{DIGEST}"\n'
    assert not (ready.folder / "infra" / "worker_image.auto.tfvars").exists()


def test_image_refuses_an_engine_that_there_is_not(ready):
    ended = ready.make("image", "ENGINE=flink")
    assert ended.returncode == 2
    assert "ingest_engine must be dataflow or cloud_run, got 'flink'" in ended.stderr
    assert ready.calls == []


def test_deploy_on_cloud_run_writes_no_templates(ready):
    ready.write("infra/terraform.tfvars", 'ingest_engine = "cloud_run"\n')
    ended = ready.make("deploy")
    assert ended.returncode == 0, ended.stderr
    assert [" ".join(call.split()[:3]) for call in ready.calls] == [
        "terraform -chdir=infra output",
        "docker buildx build",
        "terraform -chdir=infra init",
        "terraform -chdir=infra apply",
    ]


def test_image_goes_where_it_is_told(ready):
    ended = ready.make("image", "IMAGE_REPOSITORY=ghcr.io/team/vidset")
    assert ended.returncode == 0, ended.stderr
    [build] = ready.calls
    assert "--tag ghcr.io/team/vidset/worker:" in build


def test_a_build_that_fails_leaves_the_image_as_it_was(ready):
    ready.write("infra/worker_image.auto.tfvars", "before")
    assert ready.make("image", BUILD_FAILS="1").returncode != 0
    assert (ready.folder / "infra" / "worker_image.auto.tfvars").read_text() == "before"


def test_template_writes_a_specification_for_each_job_in_the_name_of_its_image(ready):
    ready.write(
        "infra/worker_image.auto.tfvars", f'worker_image = "{REPOSITORY}/worker@{DIGEST}"\n'
    )
    ended = ready.make("template")
    assert ended.returncode == 0, ended.stderr
    rest = f"--image {REPOSITORY}/worker@{DIGEST} --sdk-language PYTHON --metadata-file docker/beam"
    build = f"gcloud dataflow flex-template build {RELEASES}"
    assert ready.calls[1:] == [
        f"{build}/{'ab' * 32}/ingest.json {rest}/metadata.json",
        f"{build}/{'ab' * 32}/export.json {rest}/export-metadata.json",
    ]


def test_plan_and_apply_take_the_variables_and_the_arguments(ready):
    assert ready.make("plan", "ARGS=-lock=false").returncode == 0
    assert ready.make("apply", "VARS=other.tfvars").returncode == 2
    variables = ready.folder / "infra" / "terraform.tfvars"
    assert ready.calls == [
        "terraform -chdir=infra init -input=false",
        f"terraform -chdir=infra plan -input=false -var-file={variables} -lock=false",
    ]
    assert ready.make("apply").returncode == 0
    assert ready.calls[-1] == f"terraform -chdir=infra apply -var-file={variables}"


def test_the_states_bucket_is_written_down(ready):
    assert ready.make("plan", "STATE=team-state").returncode == 0
    assert ready.calls[0] == (
        "terraform -chdir=infra init -input=false -reconfigure"
        " -backend-config=bucket=team-state -backend-config=prefix=vidset"
    )
    override = (ready.folder / "infra" / "backend_override.tf").read_text()
    assert override == 'terraform { backend "gcs" {} }\n'


def test_a_local_state_is_not_left_behind(ready):
    (ready.folder / "infra" / "terraform.tfstate").write_text("{}")
    refused = ready.make("plan", "STATE=team-state")
    assert refused.returncode == 2
    assert "infra/terraform.tfstate would stay behind" in refused.stderr
    assert ready.calls == []


def test_deploy_goes_from_the_functions_to_apply(ready):
    ended = ready.make("deploy")
    assert ended.returncode == 0, ended.stderr
    assert (ready.folder / "build" / "labeling_task.zip").exists()
    assert [" ".join(call.split()[:3]) for call in ready.calls] == [
        "terraform -chdir=infra output",
        "docker buildx build",
        "terraform -chdir=infra output",
        "gcloud dataflow flex-template",
        "gcloud dataflow flex-template",
        "terraform -chdir=infra init",
        "terraform -chdir=infra apply",
    ]


def test_destroy_ends_a_running_export_first(ready):
    """Its machines hold the subnetwork, which could not be deleted."""
    ready.write("active.txt", "2026-11-28_1\n")
    ended = ready.make("destroy", "ARGS=-auto-approve")
    assert ended.returncode == 0, ended.stderr
    place = "--project=project-1 --region=europe-west1"
    listed = f"gcloud dataflow jobs list {place} --status=active"
    listed += " --filter=name=vidset-export --format=value(id)"
    variables = ready.folder / "infra" / "terraform.tfvars"
    assert [call for call in ready.calls if " output " not in call] == [
        "terraform -chdir=infra init -input=false",
        "gcloud scheduler jobs pause vidset-export --project=project-1 --location=europe-west1",
        listed,
        f"gcloud dataflow jobs cancel 2026-11-28_1 {place}",
        listed,
        f"terraform -chdir=infra destroy -var-file={variables} -auto-approve",
    ]


def test_destroy_without_jobs_asks_dataflow_nothing(ready):
    assert ready.make("destroy", EXPORT_JOB="").returncode == 0
    assert not [call for call in ready.calls if call.startswith("gcloud")]
    assert ready.calls[-1].startswith("terraform -chdir=infra destroy ")


@pytest.mark.parametrize(
    ("target", "missing", "said"),
    [
        pytest.param("bases", "docker", "make bases: docker is not installed", id="bases-docker"),
        pytest.param("image", "docker", "make image: docker is not installed", id="image-docker"),
        pytest.param(
            "image",
            "terraform",
            "make image: set IMAGE_REPOSITORY, or install",
            id="image-terraform",
        ),
        pytest.param("template", "gcloud", "make template: gcloud is not", id="template-gcloud"),
        pytest.param("plan", "terraform", "make plan: terraform is not", id="plan-terraform"),
        pytest.param("apply", "terraform", "make apply: terraform is not", id="apply-terraform"),
        pytest.param("destroy", "terraform", "make destroy: terraform", id="destroy-terraform"),
        pytest.param(
            "deploy", "docker", "make deploy: docker is not installed", id="deploy-docker"
        ),
        pytest.param(
            "deploy", "gcloud", "make deploy: gcloud is not installed", id="deploy-gcloud"
        ),
        pytest.param("deploy", "terraform", "make deploy: terraform is", id="deploy-terraform"),
    ],
)
def test_a_missing_program_is_named_before_any_work(ready, target, missing, said):
    ready.remove(missing)
    ended = ready.make(target)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ready.calls == []
    assert not (ready.folder / "build" / "labeling_task.zip").exists()


@pytest.mark.parametrize(
    ("target", "file", "said"),
    [
        pytest.param("image", "docker/beam/bases.env", "make bases", id="image-bases"),
        pytest.param("deploy", "docker/beam/bases.env", "make bases", id="deploy-bases"),
        pytest.param("plan", "infra/terraform.tfvars", "docs/deploy.md", id="plan-variables"),
        pytest.param("deploy", "infra/terraform.tfvars", "docs/deploy.md", id="deploy-variables"),
        pytest.param(
            "template", "infra/worker_image.auto.tfvars", "make image", id="template-image"
        ),
    ],
)
def test_a_missing_file_is_named_with_what_makes_it(ready, target, file, said):
    (ready.folder / file).unlink(missing_ok=True)
    ended = ready.make(target)
    assert ended.returncode == 2
    assert f"make {target}: there is no {file}" in ended.stderr
    assert said in ended.stderr
    assert ready.calls == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"REPOSITORY": ""}, "run make apply first", id="nothing-applied"),
        pytest.param({"IMAGE_REPOSITORY": "Not a place"}, "must look like", id="no-repository"),
    ],
)
def test_image_refuses_a_place_that_is_none(ready, change, said):
    ended = ready.make("image", **change)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert not [call for call in ready.calls if call.startswith("docker")]


@pytest.mark.parametrize("name", ["PYTHON_IMAGE", "BEAM_IMAGE", "LAUNCHER_IMAGE"])
def test_image_refuses_a_base_without_a_digest(ready, name):
    bases = re.sub(f"{name}=.*", f"{name}=python:3.11", BASES)
    ready.write("docker/beam/bases.env", bases)
    ended = ready.make("image")
    assert ended.returncode == 2
    assert f"{name} must be an image by digest, got 'python:3.11'" in ended.stderr
    assert ready.calls == []
