"""deploy/onprem, as far as it can be known without containers."""

import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import moto
import moto.core
import pytest
import yaml
from botocore.exceptions import ClientError
from typer.core import TyperGroup
from typer.main import get_command

from tests.cli.called import command_of
from tests.emulators.environments import python_for_test
from tests.emulators.servers import free_port
from tests.paths import ROOT
from vidset.cli.main import app

ONPREM = ROOT / "deploy" / "onprem"
TEXT = (ONPREM / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
CLI = get_command(app)
HERE = Path(__file__).parent
INSTALL_SECONDS = 300


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
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
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


def test_a_video_may_take_longer_than_rabbitmqs_default():
    [line] = [
        line
        for line in (ONPREM / "rabbitmq.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert line == "consumer_timeout = 43200000"
    assert any(mount.startswith("./rabbitmq.conf:") for mount in SERVICES["rabbitmq"]["volumes"])


def allowed(policy: str, action: str, resource: str) -> bool:
    statements = json.loads((ONPREM / "policies" / f"{policy}.json").read_text())["Statement"]
    return any(
        action in each["Action"]
        and any(fnmatch(f"arn:aws:s3:::{resource}", place) for place in each["Resource"])
        for each in statements
    )


@pytest.mark.parametrize(
    ("policy", "action", "resource", "expected"),
    [
        ("watcher", "s3:GetObject", "uploads/a.mp4", True),
        ("watcher", "s3:PutObject", "uploads/a.mp4", False),
        ("watcher", "s3:ListBucket", "uploads", True),
        ("watcher", "s3:PutObject", "data/images/a.jpg", True),
        ("watcher", "s3:DeleteObject", "data/images/a.jpg", False),
        ("labels", "s3:GetObject", "data/images/a/0/1.jpg", True),
        ("labels", "s3:GetObject", "data/frames/a.parquet", True),
        ("labels", "s3:GetObject", "uploads/a.mp4", False),
        ("labels", "s3:GetObject", "data/dead_letters/a.jsonl", False),
        ("labels", "s3:PutObject", "data/images/a/0/1.jpg", False),
        ("labels", "s3:ListBucket", "uploads", False),
        ("collector", "s3:PutObject", "uploads/${aws:username}/a.mp4", True),
        ("collector", "s3:PutObject", "uploads/another/a.mp4", False),
        ("collector", "s3:GetObject", "data/images/a.jpg", False),
        ("collector", "s3:DeleteObject", "uploads/${aws:username}/a.mp4", False),
    ],
)
def test_who_may_do_what(policy, action, resource, expected):
    assert allowed(policy, action, resource) is expected


@pytest.mark.attack
def test_the_brokers_key_signs_urls_of_images_and_of_nothing_else():
    """By a server that evaluates the policies: what each key may do, and what its urls may."""

    @moto.mock_aws
    @moto.core.set_initial_no_auth_action_count(9)
    def act() -> None:
        iam, s3 = client("iam"), client("s3")
        keys = {}
        for name in "watcher", "labels":
            document = (ONPREM / "policies" / f"{name}.json").read_text()
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
            keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
        s3.create_bucket(Bucket="uploads")
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="uploads", Key="car-7/a.mp4", Body=b"original")
        # From here on, keys count.
        watcher, labels = (client("s3", keys[name]) for name in ("watcher", "labels"))
        for name in "images/a/0/1.jpg", "frames/a.parquet", "dead_letters/a.jsonl":
            watcher.put_object(Bucket="data", Key=name, Body=b"x")
        assert watcher.get_object(Bucket="uploads", Key="car-7/a.mp4")["Body"].read() == b"original"
        for name in "images/a/0/1.jpg", "frames/a.parquet":
            assert labels.get_object(Bucket="data", Key=name)["Body"].read() == b"x"
        for bucket, key in ("uploads", "car-7/a.mp4"), ("data", "dead_letters/a.jsonl"):
            with pytest.raises(ClientError, match="AccessDenied"):
                labels.get_object(Bucket=bucket, Key=key)
        with pytest.raises(ClientError, match="AccessDenied"):
            labels.put_object(Bucket="data", Key="images/a/0/1.jpg", Body=b"y")

    act()


def test_what_a_collector_overwrites_stays_as_a_version():
    assert "mc version enable site/uploads" in (ONPREM / "buckets.sh").read_text()

    @moto.mock_aws
    def act() -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="uploads")
        enabled = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration=enabled)
        for body in b"first", b"second":
            s3.put_object(Bucket="uploads", Key="car-7/a.mp4", Body=body)
        found = s3.list_object_versions(Bucket="uploads")["Versions"]
        bodies = {
            s3.get_object(Bucket="uploads", Key=each["Key"], VersionId=each["VersionId"])[
                "Body"
            ].read()
            for each in found
        }
        assert bodies == {b"first", b"second"}

    act()
    for action in "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketVersioning":
        assert not allowed("collector", action, "uploads/${aws:username}/a.mp4")


def client(service: str, key: dict[str, str] | None = None) -> Any:
    given = key or {"AccessKeyId": "any", "SecretAccessKey": "any"}
    return boto3.client(
        service,
        region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
    )


_MC = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in "admin user add"*) cat >> "$CALLS.stdin";; esac
"""


@pytest.mark.attack
@pytest.mark.parametrize(
    ("script", "words", "given", "said"),
    [
        ("buckets.sh", [], "", "watcher-secret\nlabels-secret\n"),
        ("collector.sh", ["truck-7"], "truck-secret\n", "truck-secret\n"),
        ("events.sh", [], "", None),
    ],
)
def test_a_setup_script_passes_no_secret_as_an_argument(script, words, given, said, tmp_path):
    """Run with an `mc` that writes down what it is given: arguments can be read by all users."""
    mc, calls = tmp_path / "mc", tmp_path / "calls"
    mc.write_text(_MC)
    mc.chmod(0o755)
    secrets = {"WATCHER_SECRET": "watcher-secret", "LABELS_SECRET": "labels-secret"}
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "MC_HOST_site": "http://root:root-secret@minio:9000",
        "WATCHER_KEY": "watcher-key",
        "LABELS_KEY": "labels-key",
        **secrets,
    }
    subprocess.run(
        ["sh", ONPREM / script, *words], input=given, text=True, check=True, env=environment
    )
    assert "secret" not in calls.read_text()
    taken = Path(f"{calls}.stdin")
    assert (taken.read_text() if taken.exists() else None) == said


def test_no_program_of_the_services_gets_a_secret_as_an_argument():
    for name, service in SERVICES.items():
        words = [*service.get("command", ()), *service.get("entrypoint", ())]
        words += service.get("healthcheck", {}).get("test", ())
        for word in words:
            assert not re.search(r"\$\{\w*(SECRET|PASSWORD|TOKEN)", str(word)), (name, word)
    for script in ROOT.rglob("*.sh"):
        if ".venv" in script.parts or "node_modules" in script.parts:
            continue
        for line in script.read_text().splitlines():
            # printf and echo are of the shell itself: no program is started.
            if re.search(r"\$\{?\w*(SECRET|PASSWORD|TOKEN)", line):
                assert re.match(r"\s*(printf|echo|export|\w+=|:|\[|test|if)", line), (script, line)


@pytest.mark.parametrize("script", ["buckets.sh", "events.sh"])
def test_a_setup_script_is_one_of_the_shells_and_uses_what_it_is_given(script):
    text = (ONPREM / script).read_text()
    subprocess.run(["sh", "-n", ONPREM / script], check=True)
    used = set(re.findall(r"\$(\w{2,})", text)) - {"name"}
    assert used <= set(SERVICES[script.removesuffix(".sh")]["environment"])
    for path in re.findall(r'"/setup/([^"]+)"', text):
        assert list(ONPREM.glob(path.replace("$name", "*"))), path


def test_the_brokers_command_is_one_of_the_command_line():
    words = SERVICES["labels"]["command"]
    assert words[:2] == ["label", "serve"]
    command = command_of(words)
    known = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("-")} <= known
    assert SERVICES["labels"]["environment"]["AWS_ACCESS_KEY_ID"] == "${LABELS_KEY:?}"


def copies() -> list[tuple[str, str]]:
    return re.findall(r"^COPY (\S+) (\S+)$", (ONPREM / "Dockerfile").read_text(), re.MULTILINE)


def test_the_build_sees_what_it_copies():
    """The ignore file lets nothing in but what is copied."""
    lines = (ONPREM / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert let_in == {source for source, _ in copies()}


@pytest.mark.slow
def test_the_images_steps_give_commands_that_start(tmp_path):
    """In a clean environment: the locked requirements, the copied folders, and nothing else."""
    python = python_for_test(
        "onprem", ONPREM / "requirements.txt", INSTALL_SECONDS, is_complete=True
    )
    for source, target in copies():
        place = tmp_path / target.removeprefix("/")
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, place, dirs_exist_ok=True, ignore=ignored)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path / "opt" / "vidset"),
        "TMPDIR": str(tmp_path),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "VIDSET_AMQP_PASSWORD": "any",
    }

    def vidset(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "vidset", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment,
            cwd=tmp_path,
        )

    for command in ("watch", "extract", "label"):
        assert vidset(command, "--help").returncode == 0
    values = {"RABBITMQ_USER:?": "vidset"}
    arguments = [
        re.sub(r"\$\{([^}]*)\}", lambda match: values[match[1]], each)
        for each in SERVICES["watcher"]["command"]
    ]
    metrics = "--metrics=127.0.0.1:0"
    arguments = [metrics if each.startswith("--metrics") else each for each in arguments]
    ended = vidset(*arguments, "--until-idle", "1", "--json")
    assert ended.returncode == 1, ended.stderr
    assert json.loads(ended.stdout)["events"] == 0
    # It came as far as the store, with its client, in a process of its own.
    assert "what is written cannot be reached: EndpointConnectionError" in ended.stderr
