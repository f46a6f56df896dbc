"""deploy/onprem: what the services are, and what they are given, known without containers."""

import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from typer.core import TyperGroup

from tests.cli.called import command_of
from tests.emulators.environments import python_for_test
from tests.watch.onprem import ONPREM, SERVICES, TEXT
from vidset.cli.command import tree_of
from vidset.cli.main import app

HERE = Path(__file__).parent
INSTALL_SECONDS = 300
CLI = tree_of(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("", "", "", id="as it is"),
        pytest.param("restart: on-failure", "restrat: on-failure", "restrat", id="key"),
        pytest.param("condition: service_healthy", "condition: well", "well", id="condition"),
        pytest.param("networks: [inside, outside]", "networks: [insid]", "insid", id="network"),
    ],
)
def test_the_compose_file_is_as_the_specification_says(old, new, message, tmp_path):
    python = python_for_test("compose-spec", HERE / "compose-requirements.txt", INSTALL_SECONDS)
    # The checker knows no variables where an image is named.
    text = re.sub(r"\$\{\w+_IMAGE:[^}]*\}", "image@sha256:" + "0" * 64, TEXT)
    (tmp_path / "compose.yaml").write_text(text.replace(old, new, 1))
    command = [python, HERE / "check_compose.py", tmp_path / "compose.yaml"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (ended.returncode == 0, message in ended.stderr) == (not message, True), ended.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_confined_and_comes_back(name):
    service = SERVICES[name]
    image = service["image"]
    by_digest = r"\$\{\w+_IMAGE:\?by digest, see \.env\.example\}"
    assert "build" in service or re.fullmatch(by_digest, image), image
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] in ("unless-stopped", "on-failure")
    if service.get("user") == "root":  # To give folders away, and for nothing else.
        assert (service["entrypoint"][0], service["cap_add"]) == ("chown", ["CHOWN"])
        assert service["network_mode"] == "none"
    else:
        assert "cap_add" not in service
        assert service.get("networks")
    for other, wanted in service.get("depends_on", {}).items():
        goes_on = SERVICES[other]["restart"] == "unless-stopped"
        condition = "service_healthy" if goes_on else "service_completed_successfully"
        assert wanted == {"condition": condition}
        assert not goes_on or "healthcheck" in SERVICES[other]


def test_each_volume_is_declared_and_used():
    mounts = [mount for each in SERVICES.values() for mount in each.get("volumes", ())]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(yaml.safe_load(TEXT)["volumes"])


def test_no_value_of_env_has_a_default_and_each_is_explained():
    example = (ONPREM / ".env.example").read_text()
    told = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    used = dict(re.findall(r"\$\{(\w+)([^}]*)\}", TEXT))
    assert told == set(used)
    optional = {name for name, rest in used.items() if not rest.startswith(":?")}
    studio = {name for name in told if name.startswith("LABEL_STUDIO_")}
    assert optional == studio - {"LABEL_STUDIO_IMAGE"}
    assert {rest for name, rest in used.items() if name in optional} == {"-"}
    images = dict(re.findall(r"^(\w+_IMAGE)=(.+)", example, re.MULTILINE))
    assert all(re.fullmatch(r"\S+:[\w.-]+@sha256:\.\.\.", image) for image in images.values())
    pinned = dict(re.findall(r"(\w+_IMAGE)=([^\s;]+)", (ONPREM / "pin.sh").read_text()))
    assert {name: f"{image}@sha256:..." for name, image in pinned.items()} == images
    assert re.findall(r"^(\w+(?:PASSWORD|SECRET|TOKEN|KEY))=(.+)", example, re.MULTILINE) == []


def test_minio_publishes_to_what_the_watcher_declares():
    """The same exchange with the same arguments, or the broker refuses one of the two."""
    [events] = [each for each in SERVICES["watcher"]["command"] if each.startswith("amqp://")]
    address = urlsplit(re.sub(r"\$\{\w+:\?\}", "vidset", events))
    assert parse_qs(address.query) == {"queue": ["uploads"], "exchange": ["uploads"]}
    assert address.hostname == "rabbitmq"
    environment = SERVICES["minio"]["environment"]
    prefix, suffix = "MINIO_NOTIFY_AMQP_", "_1"
    notify = {
        name.removeprefix(prefix).removesuffix(suffix): value
        for name, value in environment.items()
        if name.startswith(prefix)
    }
    assert notify.pop("URL").endswith("@rabbitmq:5672")
    assert notify == {
        "ENABLE": "on",
        "EXCHANGE": "uploads",
        "EXCHANGE_TYPE": "fanout",
        "DURABLE": "on",
        "DELIVERY_MODE": "2",
        "PUBLISHING_CONFIRMS": "on",
        "QUEUE_DIR": "/events",
    }
    assert "events:/events" in SERVICES["minio"]["volumes"]
    assert "site/uploads arn:minio:sqs::1:amqp" in (ONPREM / "events.sh").read_text()


def test_events_begin_when_the_watchers_queue_is_there():
    assert set(SERVICES["events"]["depends_on"]) == {"watcher"}
    assert "watcher" not in SERVICES["buckets"]["depends_on"]


@pytest.mark.parametrize("service", ["watcher", "labels"])
def test_health_is_asked_where_it_is_served(service):
    command = " ".join(SERVICES[service]["command"])
    assert re.search(r"--metrics[= ]0\.0\.0\.0:9100$", command)
    assert "http://127.0.0.1:9100/healthz" in SERVICES[service]["healthcheck"]["test"][-1]


@pytest.mark.parametrize("service", ["watcher", "labels"])
def test_a_services_command_is_one_that_vidset_takes(service):
    command, words = (
        CLI,
        [re.sub(r"\$\{[^}]*\}", "x", each) for each in SERVICES[service]["command"]],
    )
    while isinstance(command, TyperGroup):
        command, words = command.commands[words[0]], words[1:]
    command.make_context("vidset", words)


def test_the_brokers_command_is_one_of_the_command_line():
    words = SERVICES["labels"]["command"]
    assert words[:2] == ["label", "serve"]
    command = command_of(words)
    known = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("-")} <= known
    assert SERVICES["labels"]["environment"]["AWS_ACCESS_KEY_ID"] == "${LABELS_KEY:?}"


def test_a_video_may_take_longer_than_rabbitmqs_default():
    [line] = [
        line
        for line in (ONPREM / "rabbitmq.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert line == "consumer_timeout = 43200000"
    assert any(mount.startswith("./rabbitmq.conf:") for mount in SERVICES["rabbitmq"]["volumes"])
