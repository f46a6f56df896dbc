"""The broker's variables, and the settings or the faults that they give."""

import pytest

from vidset.labeling.settings import Settings

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
