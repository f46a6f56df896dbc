"""Scale AI, as the registry of vendors lists it."""

from vidset.labeling.vendors.declaration import Callback, Declaration, Opening, Variable
from vidset.labeling.vendors.scale.answers import CALLBACK_HEADER, read_callback, read_task
from vidset.labeling.vendors.vendor import Vendor


def _open(opening: Opening) -> Vendor:
    from vidset.labeling.vendors.scale.vendor import ScaleVendor

    return ScaleVendor(
        opening.required("SCALE_API_KEY"),
        opening.template,
        opening.required("LABELING_CALLBACK_URL"),
        opening.optional("SCALE_API_URL"),
    )


SCALE = Declaration(
    name="scale",
    variables=(
        Variable("SCALE_API_URL", "url"),
        Variable("SCALE_API_KEY", "key", required=True),
        Variable("SCALE_CALLBACK_AUTH", "secret", for_dispatch=False),
    ),
    open=_open,
    callback=Callback(CALLBACK_HEADER, "SCALE_CALLBACK_AUTH", read_callback),
    read_task=read_task,
    needs_callback_url=True,
    reaches_this_machine=False,
)
