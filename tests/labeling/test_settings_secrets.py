import pytest

from tests.labeling.environments import ALL_SECRETS, SECRET, STORE, faults, read
from vidset.secret import Secret


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
        assert made.secrets == {of: (Secret(SECRET),)}


def test_a_secret_that_replaces_another_stands_beside_it():
    made = read("receive", SCALE_CALLBACK_AUTH=f"{SECRET}\n  another-of-16-characters ")
    assert made.secrets == {"scale": tuple(map(Secret, (SECRET, "another-of-16-characters")))}


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
