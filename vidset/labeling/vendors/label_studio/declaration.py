"""Label Studio, as the registry of vendors lists it."""

from vidset.labeling.vendors.declaration import Callback, Declaration, Opening, Variable
from vidset.labeling.vendors.label_studio.answers import (
    CALLBACK_HEADER,
    VENDOR,
    read_callback,
    read_task,
)
from vidset.labeling.vendors.vendor import Vendor


def _open(opening: Opening) -> Vendor:
    from vidset.labeling.vendors.label_studio.vendor import LabelStudioVendor

    return LabelStudioVendor(
        opening.required("LABEL_STUDIO_URL"),
        opening.required("LABEL_STUDIO_TOKEN"),
        opening.template,
        opening.optional("LABEL_STUDIO_PROJECT"),
        opening.callback_url,
        opening.optional("LABEL_STUDIO_WEBHOOK_SECRET"),
    )


LABEL_STUDIO = Declaration(
    name=VENDOR,
    variables=(
        Variable("LABEL_STUDIO_URL", "url", required=True),
        Variable("LABEL_STUDIO_TOKEN", "key", required=True),
        Variable("LABEL_STUDIO_PROJECT", "number"),
        # Whoever sends tasks makes the webhook as well, which carries the secret.
        Variable("LABEL_STUDIO_WEBHOOK_SECRET", "secret"),
    ),
    open=_open,
    callback=Callback(CALLBACK_HEADER, "LABEL_STUDIO_WEBHOOK_SECRET", read_callback),
    read_task=read_task,
    annotators=lambda template: template.label_studio.annotators_per_image,
)
