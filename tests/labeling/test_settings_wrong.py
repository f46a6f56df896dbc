import pytest

from tests.labeling.environments import SECRET, STORE, faults


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


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param({}, "LABELING_IMAGES must be the place of their originals", id="no images"),
        pytest.param(
            {"LABELING_IMAGES": "s3://images"}, "in a store of the same kind", id="other store"
        ),
        pytest.param({"LABELING_IMAGES": "/images"}, "in a store of the same kind", id="folder"),
        pytest.param(
            {"LABELING_IMAGES": "gs://blurred"}, "LABELING_COPIES must be apart from", id="same"
        ),
        pytest.param(
            {"LABELING_IMAGES": "gs://blurred/part/of"},
            "LABELING_COPIES must be apart from",
            id="around",
        ),
        pytest.param(
            {
                "LABELING_IMAGES": "gs://images",
                "LABELING_IMAGE_ACCESS": "https://cdn.test/{name}",
            },
            "LABELING_IMAGE_ACCESS must have {bucket} in it",
            id="an url that may be the original's",
        ),
    ],
)
def test_copies_that_could_be_originals_are_refused(more, reason):
    [told] = faults(STORE | {"LABELING_COPIES": "gs://blurred"} | more)
    assert reason in told
