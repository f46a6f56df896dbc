from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.environments import (
    CALLBACK,
    LABEL_STUDIO,
    SCALE,
    SECRET,
    STORE,
    TRUTH,
    faults,
    read,
)
from vidset import labeling
from vidset.labeling.limits import Limit
from vidset.labeling.settings import Settings
from vidset.secret import Secret


def test_whoever_inspects_needs_a_store_alone_and_gets_the_defaults():
    assert read() == Settings(
        vendor="label-studio",
        store="sqlite:/data/labels.sqlite",
        images=None,
        copies=None,
        template=str(Path(labeling.__path__[0]) / "template.yaml"),
        image_access="signed",
        signed_url_lifetime=timedelta(hours=24),
        limits=(),
        price=0,
        consensus="latest",
        answer_deadline=timedelta(hours=24),
        predictions=True,
        is_held=False,
        ledger=None,
        callback_url=None,
        of_vendors={},
        max_callback_bytes=8_000_000,
        lease=timedelta(seconds=90),
        reconcile_limit=5000,
    )


def test_every_variable_is_read():
    environment = {
        **TRUTH,
        **LABEL_STUDIO,
        **CALLBACK,
        "LABELING_STORE": "firestore://project-1",
        "LABELING_IMAGES": "gs://images/out/",
        "LABELING_COPIES": "gs://blurred/out/",
        "LABELING_TEMPLATE": "/etc/template.yaml",
        "LABELING_IMAGE_ACCESS": "https://cdn.test/{bucket}/{name}",
        "LABELING_URL_HOURS": "0.5",
        "LABELING_BUDGET": "500 tasks/day, 100 USD",
        "LABELING_PRICE": "0.08",
        "LABELING_CONSENSUS": "majority",
        "LABELING_ANSWER_DEADLINE_HOURS": "72",
        "LABELING_PREDICTIONS": "yes",
        "LABELING_HOLD": "yes",
        "LABELING_LEDGER": "bq://project-1.vidset",
        "LABELING_MAX_CALLBACK_MB": "0.5",
        "LABELING_LEASE_SECONDS": "120",
        "LABELING_RECONCILE_LIMIT": "10",
        "SCALE_API_URL": "http://127.0.0.1:9000/v1/",
        "SCALE_API_KEY": " live_key\n",
        "SCALE_CALLBACK_AUTH": SECRET,
        "LABEL_STUDIO_PROJECT": "42",
        "LABEL_STUDIO_WEBHOOK_SECRET": SECRET,
        "PATH": "/usr/bin",
    }
    assert Settings.from_environment(environment, "dispatch") == Settings(
        vendor="truth",
        store="firestore://project-1",
        images="gs://images/out",
        copies="gs://blurred/out",
        template="/etc/template.yaml",
        image_access="https://cdn.test/{bucket}/{name}",
        signed_url_lifetime=timedelta(minutes=30),
        limits=(Limit(500, "tasks", per_day=True), Limit(100, "USD", per_day=False)),
        price=0.08,
        consensus="majority",
        answer_deadline=timedelta(days=3),
        predictions=True,
        is_held=True,
        ledger="bq://project-1.vidset",
        callback_url="https://broker.test/receive",
        of_vendors={
            "SCALE_API_URL": "http://127.0.0.1:9000/v1",
            "SCALE_API_KEY": Secret("live_key"),
            "SCALE_CALLBACK_AUTH": Secret(SECRET),
            "LABEL_STUDIO_URL": "https://labels.test",
            "LABEL_STUDIO_TOKEN": Secret("t0ken"),
            "LABEL_STUDIO_PROJECT": 42,
            "LABEL_STUDIO_WEBHOOK_SECRET": Secret(SECRET),
            "LABELING_TRUTH": "/data/truth.jsonl",
            "LABELING_TRUTH_SECRET": Secret(SECRET),
        },
        max_callback_bytes=500_000,
        lease=timedelta(minutes=2),
        reconcile_limit=10,
    )


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        pytest.param({}, ["LABEL_STUDIO_URL", "LABEL_STUDIO_TOKEN"], id="label-studio"),
        pytest.param(LABEL_STUDIO, [], id="label-studio set"),
        pytest.param(
            {"LABELING_VENDOR": "scale"}, ["LABELING_CALLBACK_URL", "SCALE_API_KEY"], id="scale"
        ),
        pytest.param(SCALE | CALLBACK, [], id="scale set"),
        pytest.param(
            {"LABELING_VENDOR": "truth"},
            ["LABELING_CALLBACK_URL", "LABELING_TRUTH", "LABELING_TRUTH_SECRET"],
            id="truth",
        ),
        pytest.param(TRUTH | CALLBACK, [], id="truth set"),
    ],
)
def test_whoever_dispatches_needs_what_its_vendor_takes_and_no_more(environment, missing):
    if missing:
        assert faults(STORE | environment, "dispatch") == [
            f"{name} must be set" for name in missing
        ]
    else:
        assert read("dispatch", **environment).secrets.keys() <= {"truth"}
    assert read("inspect", **environment).store == "sqlite:/data/labels.sqlite"


@pytest.mark.parametrize(
    ("value", "images"),
    [
        pytest.param("gs://images", "gs://images", id="bucket"),
        pytest.param("gs://images/", "gs://images", id="bucket with slash"),
        pytest.param("gs://my.images_2-x/a b/ü/", "gs://my.images_2-x/a b/ü", id="prefix"),
        pytest.param("/data/images/", "/data/images", id="folder"),
        pytest.param("/", "/", id="root"),
        pytest.param("./images", "./images", id="relative folder"),
        pytest.param("..", "..", id="folder above"),
        pytest.param("/data/new\nline", "/data/new\nline", id="line break"),
        pytest.param("", None, id="none"),
    ],
)
def test_images_are_in_a_bucket_or_in_a_folder(value, images):
    assert read(LABELING_IMAGES=value).images == images


variables = st.sampled_from([
    *["LABELING_VENDOR", "LABELING_STORE", "LABELING_IMAGES", "LABELING_IMAGE_ACCESS"],
    *["LABELING_URL_HOURS", "LABELING_BUDGET", "LABELING_PRICE", "LABELING_CONSENSUS"],
    *["LABELING_ANSWER_DEADLINE_HOURS", "LABELING_PREDICTIONS", "LABELING_LEDGER"],
    *["LABELING_CALLBACK_URL", "LABELING_MAX_CALLBACK_MB", "LABELING_RECONCILE_LIMIT"],
    *["LABEL_STUDIO_PROJECT", "SCALE_CALLBACK_AUTH", "LABELING_TRUTH_SECRET"],
])  # fmt: skip
values = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.sampled_from(["http://[", "http://a:b", "gs://", "1 USD", "scale", "²", "1_0"])
)


@given(
    st.dictionaries(variables, values, max_size=6),
    st.sampled_from(["dispatch", "receive", "inspect"]),
)
def test_any_environment_gives_settings_or_faults_that_name_a_variable(environment, use):
    try:
        made = Settings.from_environment(environment, use)
    except ValueError as error:
        first = str(error).split(" ")[0].rstrip(":")
        assert first in ("one", "SCALE_API_KEY", "LABEL_STUDIO_URL", *variables.elements) or (
            first == "LABELING_TRUTH"
        )
    else:
        assert made.store
