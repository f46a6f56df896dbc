from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling
from labeling.limits import Limit
from labeling.settings import Settings

SECRET = "s3cret-of-16-characters"  # noqa: S105
STORE = {"LABELING_STORE": "sqlite:/data/labels.sqlite"}
SCALE = {"LABELING_VENDOR": "scale", "SCALE_API_KEY": "live_key"}
LABEL_STUDIO = {"LABEL_STUDIO_URL": "https://labels.test", "LABEL_STUDIO_TOKEN": "t0ken"}
TRUTH = {
    "LABELING_VENDOR": "truth",
    "LABELING_TRUTH": "/data/truth.jsonl",
    "LABELING_TRUTH_SECRET": SECRET,
}
CALLBACK = {"LABELING_CALLBACK_URL": "https://broker.test/receive"}
ALL_SECRETS = {
    "SCALE_API_KEY": "hidden-scale-api-key",
    "SCALE_CALLBACK_AUTH": "hidden-scale-callback-auth",
    "LABEL_STUDIO_TOKEN": "hidden-label-studio-token",
    "LABEL_STUDIO_WEBHOOK_SECRET": "hidden-webhook-secret",
    "LABELING_TRUTH_SECRET": "hidden-truth-secret",
}


def faults(environment: dict[str, str], use="inspect") -> list[str]:
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        Settings.from_environment(environment, use)
    return str(raised.value).splitlines()


def read(use="inspect", **more: str) -> Settings:
    return Settings.from_environment(STORE | more, use)


def test_whoever_inspects_needs_a_store_alone_and_gets_the_defaults():
    assert read() == Settings(
        vendor="label-studio",
        store="sqlite:/data/labels.sqlite",
        images=None,
        template=str(Path(labeling.__path__[0]) / "template.yaml"),
        image_access="signed",
        signed_url_lifetime=timedelta(hours=24),
        limits=(),
        price=0,
        consensus="latest",
        answer_deadline=timedelta(hours=24),
        predictions=False,
        ledger=None,
        callback_url=None,
        scale_url=None,
        scale_api_key=None,
        scale_callback_auth=None,
        label_studio_url=None,
        label_studio_token=None,
        label_studio_project=None,
        label_studio_webhook_secret=None,
        truth_file=None,
        truth_callback_secret=None,
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
        "LABELING_TEMPLATE": "/etc/template.yaml",
        "LABELING_IMAGE_ACCESS": "https://cdn.test/{bucket}/{name}",
        "LABELING_URL_HOURS": "0.5",
        "LABELING_BUDGET": "500 tasks/day, 100 USD",
        "LABELING_PRICE": "0.08",
        "LABELING_CONSENSUS": "majority",
        "LABELING_ANSWER_DEADLINE_HOURS": "72",
        "LABELING_PREDICTIONS": "yes",
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
        template="/etc/template.yaml",
        image_access="https://cdn.test/{bucket}/{name}",
        signed_url_lifetime=timedelta(minutes=30),
        limits=(Limit(500, "tasks", per_day=True), Limit(100, "USD", per_day=False)),
        price=0.08,
        consensus="majority",
        answer_deadline=timedelta(days=3),
        predictions=True,
        ledger="bq://project-1.vidset",
        callback_url="https://broker.test/receive",
        scale_url="http://127.0.0.1:9000/v1",
        scale_api_key="live_key",
        scale_callback_auth=SECRET,
        label_studio_url="https://labels.test",
        label_studio_token="t0ken",  # noqa: S106
        label_studio_project=42,
        label_studio_webhook_secret=SECRET,
        truth_file="/data/truth.jsonl",
        truth_callback_secret=SECRET,
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


@pytest.mark.parametrize("vendor", ["scale", "label-studio", "truth"])
def test_whoever_receives_needs_one_secret_and_no_key(vendor):
    [told] = faults(STORE | {"LABELING_VENDOR": vendor}, "receive")
    assert told == (
        "one of SCALE_CALLBACK_AUTH, LABEL_STUDIO_WEBHOOK_SECRET, LABELING_TRUTH_SECRET must be "
        "set: callbacks are guarded by it"
    )
    for name, of in (
        ("SCALE_CALLBACK_AUTH", "scale"),
        ("LABEL_STUDIO_WEBHOOK_SECRET", "label-studio"),
        ("LABELING_TRUTH_SECRET", "truth"),
    ):
        made = read("receive", LABELING_VENDOR=vendor, **{name: SECRET})
        assert made.secrets == {of: (SECRET,)}


def test_a_secret_that_replaces_another_stands_beside_it():
    made = read("receive", SCALE_CALLBACK_AUTH=f"{SECRET}\n  another-of-16-characters ")
    assert made.secrets == {"scale": (SECRET, "another-of-16-characters")}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("LABELING_STORE", " ", "must be set", id="store"),
        pytest.param(
            "LABELING_VENDOR",
            "Scale",
            "must be one of scale, label-studio, truth, got 'Scale'",
            id="vendor",
        ),
        pytest.param(
            "LABELING_CONSENSUS", "mean", "must be one of latest, majority, got 'mean'", id="rule"
        ),
        pytest.param(
            "LABELING_PREDICTIONS", "true", "must be one of no, yes, got 'true'", id="predictions"
        ),
        pytest.param(
            "LABELING_IMAGE_ACCESS",
            "https://cdn.test/",
            "must be signed, uri, or an url with {name} in it, got 'https://cdn.test/'",
            id="image access",
        ),
        pytest.param("LABELING_URL_HOURS", "abc", "from 0.1 to 168, got 'abc'", id="no number"),
        pytest.param("LABELING_URL_HOURS", "169", "from 0.1 to 168, got '169'", id="too long"),
        pytest.param("LABELING_URL_HOURS", "nan", "from 0.1 to 168, got 'nan'", id="nan"),
        pytest.param("LABELING_URL_HOURS", "1e300", "from 0.1 to 168, got '1e300'", id="huge"),
        pytest.param("LABELING_PRICE", "-1", "from 0 to 1e+06, got '-1'", id="negative price"),
        pytest.param("LABELING_PRICE", "inf", "from 0 to 1e+06, got 'inf'", id="endless price"),
        pytest.param(
            "LABELING_PRICE",
            "0.0000001",
            "must have at most 6 decimals, got 1e-07",
            id="tiny price",
        ),
        pytest.param(
            "LABELING_ANSWER_DEADLINE_HOURS", "inf", "from 0 to 8760, got 'inf'", id="deadline"
        ),
        pytest.param(
            "LABELING_MAX_CALLBACK_MB", "31", "from 0.001 to 30, got '31'", id="callback size"
        ),
        pytest.param(
            "LABELING_MAX_CALLBACK_MB", "8MB", "from 0.001 to 30, got '8MB'", id="callback unit"
        ),
        pytest.param("LABELING_RECONCILE_LIMIT", "inf", "from 1 to 1e+06, got 'inf'", id="limit"),
        pytest.param("LABELING_RECONCILE_LIMIT", "0", "from 1 to 1e+06, got '0'", id="no tasks"),
        pytest.param("LABEL_STUDIO_PROJECT", "x", "must be a number, got 'x'", id="project"),
        pytest.param("LABEL_STUDIO_PROJECT", "-1", "must be a number, got '-1'", id="negative"),
        pytest.param(
            "LABELING_BUDGET", "many", "wanted limits such as 500 tasks/day, 100 USD", id="budget"
        ),
        pytest.param(
            "LABELING_BUDGET", "5 USD", "is in USD: LABELING_PRICE must be set", id="no price"
        ),
        pytest.param(
            "LABELING_LEDGER", "project.data", "must be bq://PROJECT.DATASET", id="ledger"
        ),
        pytest.param("LABELING_LEDGER", "bq://p", "must be bq://PROJECT.DATASET", id="no dataset"),
        pytest.param("SCALE_CALLBACK_AUTH", "short", "16 characters or more", id="short secret"),
        pytest.param(
            "SCALE_CALLBACK_AUTH", f"{SECRET} short", "16 characters or more", id="short second"
        ),
        pytest.param(
            "LABELING_TRUTH_SECRET", "ä" * 16, "16 characters or more, of ASCII", id="not ASCII"
        ),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_wanted(name, value, reason):
    told = faults(STORE | {name: value})
    assert len(told) == 1
    assert told[0].startswith(name)
    assert reason in told[0]


@pytest.mark.parametrize("name", ["LABELING_CALLBACK_URL", "SCALE_API_URL", "LABEL_STUDIO_URL"])
@pytest.mark.parametrize(
    "value",
    [
        "broker.test",
        "ftp://broker.test",
        "https://",
        "https:///path",
        "http://:80/",
        "https://broker.test:99999",
        "https://[::1",
        "https://broker.test/a b",
        "https://broker.test/\nhost",
        "http",
    ],
)
def test_a_url_that_no_client_could_use_is_refused(name, value):
    wanted = f"{name} must be an http(s) url without a password, got {value!r}"
    assert faults(STORE | {name: value}) == [wanted]


def test_a_url_with_a_password_is_refused_without_telling_it():
    assert faults(STORE | {"LABEL_STUDIO_URL": "https://user:hidden@labels.test"}) == [
        "LABEL_STUDIO_URL must be an http(s) url without a password, got one with @ in it"
    ]


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


@pytest.mark.parametrize(
    "value", ["gs://", "gs://UPPER", "gs:/images", "s3://", "images", "https://images.test"]
)
def test_images_elsewhere_are_refused(value):
    wanted = "gs://bucket[/prefix], s3://bucket[/prefix] or a path"
    told = faults(STORE | {"LABELING_IMAGES": value})
    assert told == [f"LABELING_IMAGES must be {wanted}, got {value!r}"]


def test_all_faults_are_told_at_once():
    environment = {
        "LABELING_VENDOR": "nobody",
        "LABELING_IMAGES": "images",
        "LABELING_URL_HOURS": "x",
        "LABELING_BUDGET": "x",
        "LABELING_MAX_CALLBACK_MB": "x",
        "SCALE_CALLBACK_AUTH": "short",
    }
    told = faults(environment, "receive")
    assert [line.split(" ")[0].rstrip(":") for line in told] == [
        "LABELING_VENDOR",
        "LABELING_STORE",
        "LABELING_IMAGES",
        "LABELING_URL_HOURS",
        "LABELING_BUDGET",
        "SCALE_CALLBACK_AUTH",
        "LABELING_MAX_CALLBACK_MB",
    ]


def test_no_secret_is_shown():
    assert "hidden" not in repr(read(**ALL_SECRETS))
    assert "live_key" not in str(read(**ALL_SECRETS, LABELING_VENDOR="scale"))


def test_no_secret_is_told_by_an_error():
    wrong = {
        name: "hid" if "AUTH" in name or "SECRET" in name else "hidden" for name in ALL_SECRETS
    }
    told = "\n".join(faults(STORE | wrong | {"LABELING_URL_HOURS": "x"}, "dispatch"))
    assert "LABELING_TRUTH_SECRET" in told
    assert "hid" not in told


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
