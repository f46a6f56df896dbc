"""deploy/kubernetes: the API's schemas, and the rules of the restricted Pod Security Standard."""

import shlex
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.paths import ROOT
from vidset.cli.command import tree_of
from vidset.cli.main import app

FOLDER = ROOT / "deploy" / "kubernetes"
OBJECTS: list[dict[str, Any]] = [
    each
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for each in yaml.safe_load_all(path.read_text())
]
BY_NAME = {f"{each['kind']}/{each['metadata']['name']}": each for each in OBJECTS}
PODS = [name for name, each in BY_NAME.items() if "template" in each.get("spec", {})]
OF_KEDA = ("ScaledObject", "TriggerAuthentication")


def pod(name: str) -> dict[str, Any]:
    return BY_NAME[name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", [name for name in BY_NAME if not name.startswith(OF_KEDA)])
def test_an_object_is_as_the_api_wants_it(name):
    kubernetes_validate.validate(BY_NAME[name], kubernetes_validate.latest_version(), strict=True)


def test_the_schemas_refuse_a_field_that_there_is_not():
    wrong = {**BY_NAME["Job/vidset-extract"]}
    wrong["spec"] = {**wrong["spec"], "completion": 3}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_keep_the_restricted_standard(name):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, rule by rule."""
    spec = pod(name)
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {kind for volume in spec["volumes"] for kind in volume} == {"name", "emptyDir"}
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert not {"privileged", "procMount", "seLinuxOptions"} & context.keys()
        assert not any("hostPort" in port for port in container.get("ports", ()))


@pytest.mark.parametrize("name", PODS)
def test_pods_say_what_they_take_and_hold_no_secret_and_no_token(name):
    spec = pod(name)
    assert spec["automountServiceAccountToken"] is False
    [container] = spec["containers"]
    for kind in "cpu", "memory", "ephemeral-storage":
        assert kind in container["resources"]["requests"]
        assert kind in container["resources"]["limits"]
    for variable in container["env"]:
        assert "valueFrom" in variable or variable["name"] in ("VIDSET_SHARDS", "TMPDIR")
    assert {"secretRef": {"name": "vidset-s3"}} in container["envFrom"]


@pytest.mark.parametrize("name", PODS)
def test_pods_call_vidset_as_it_is(name):
    [container] = pod(name)["containers"]
    command, *arguments = container["args"]
    tree = tree_of(app)
    tree.commands[command].make_context(command, list(arguments))  # type: ignore[attr-defined]
    assert shlex.join(arguments).count("password") == 0


def test_the_job_has_as_many_shards_as_pods():
    spec = BY_NAME["Job/vidset-extract"]["spec"]
    [container] = spec["template"]["spec"]["containers"]
    assert spec["completionMode"] == "Indexed"
    assert {"name": "VIDSET_SHARDS", "value": str(spec["completions"])} in container["env"]


def test_a_watcher_has_time_to_finish_what_it_has_begun():
    spec = pod("Deployment/vidset-watch")
    [grace] = [
        int(each.partition("=")[2])
        for each in spec["containers"][0]["args"]
        if each.startswith("--grace=")
    ]
    assert spec["terminationGracePeriodSeconds"] > grace


def test_keda_scales_the_watchers_by_the_queue_that_they_read():
    scaled = BY_NAME["ScaledObject/vidset-watch"]["spec"]
    deployment = BY_NAME["Deployment/vidset-watch"]
    assert scaled["scaleTargetRef"] == {"name": deployment["metadata"]["name"]}
    assert "replicas" not in deployment["spec"]
    assert scaled["minReplicaCount"] == 0
    [trigger] = scaled["triggers"]
    source = deployment["spec"]["template"]["spec"]["containers"][0]["args"][1]
    assert f"queue={trigger['metadata']['queueName']}&" in source
    # Only by HTTP, the messages that a watcher works on count.
    assert trigger["metadata"]["protocol"] == "http"
    authentication = BY_NAME[f"TriggerAuthentication/{trigger['authenticationRef']['name']}"]
    assert authentication["spec"]["secretTargetRef"][0]["parameter"] == "host"


def test_the_budget_and_the_deployment_mean_the_same_pods():
    budget = BY_NAME["PodDisruptionBudget/vidset-watch"]["spec"]["selector"]
    assert budget == BY_NAME["Deployment/vidset-watch"]["spec"]["selector"]
    labels = BY_NAME["Deployment/vidset-watch"]["spec"]["template"]["metadata"]["labels"]
    assert labels == budget["matchLabels"]
