"""Settings to vendors. Each vendor's client is imported when it is used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vidset.labeling.settings import Settings
from vidset.labeling.template import Template
from vidset.labeling.vendors import truth
from vidset.labeling.vendors.label_studio import answers as label_studio_answers
from vidset.labeling.vendors.scale import answers as scale_answers
from vidset.labeling.vendors.vendor import Report, Vendor


@dataclass(frozen=True, slots=True)
class Callback:
    """How a vendor's answers arrive. Reading them takes no client and no key of the vendor.

    Attributes:
        header: the HTTP header that carries the secret, in lower case.
        read: a callback's JSON to reports; raises InvalidAnswerError.
    """

    header: str
    read: Callable[[Any], list[Report]]


CALLBACKS: Mapping[str, Callback] = {
    "scale": Callback(scale_answers.CALLBACK_HEADER, scale_answers.read_callback),
    "label-studio": Callback(
        label_studio_answers.CALLBACK_HEADER, label_studio_answers.read_callback
    ),
    "truth": Callback(truth.CALLBACK_HEADER, truth.read_callback),
}


def open_vendor(settings: Settings, template: Template) -> Vendor:
    """Who gets new tasks.

    Raises:
        ValueError: what it needs is not set.
    """
    if settings.vendor == "scale":
        from vidset.labeling.vendors.scale.vendor import ScaleVendor

        return ScaleVendor(
            _required(settings.scale_api_key, "SCALE_API_KEY"),
            template,
            _required(settings.callback_url, "LABELING_CALLBACK_URL"),
            settings.scale_url,
        )
    if settings.vendor == "label-studio":
        from vidset.labeling.vendors.label_studio.vendor import LabelStudioVendor

        return LabelStudioVendor(
            _required(settings.label_studio_url, "LABEL_STUDIO_URL"),
            _required(settings.label_studio_token, "LABEL_STUDIO_TOKEN"),
            template,
            settings.label_studio_project,
            settings.callback_url,
            settings.label_studio_webhook_secret,
        )
    return truth.TruthVendor(
        _required(settings.truth_file, "LABELING_TRUTH"),
        _required(settings.callback_url, "LABELING_CALLBACK_URL"),
        _required(settings.truth_callback_secret, "LABELING_TRUTH_SECRET"),
    )


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise ValueError(f"{name} must be set")
    return value
