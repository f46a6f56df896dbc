"""The labeler that knows the truth, as the registry of vendors lists it."""

from vidset.labeling.vendors.declaration import Callback, Declaration, Opening, Variable
from vidset.labeling.vendors.truth.answers import CALLBACK_HEADER, VENDOR, read_callback
from vidset.labeling.vendors.vendor import Vendor


def _open(opening: Opening) -> Vendor:
    from vidset.labeling.vendors.truth.vendor import TruthVendor

    return TruthVendor(
        opening.required("LABELING_TRUTH"),
        opening.required("LABELING_CALLBACK_URL"),
        opening.required("LABELING_TRUTH_SECRET"),
    )


TRUTH = Declaration(
    name=VENDOR,
    variables=(
        Variable("LABELING_TRUTH", required=True),
        Variable("LABELING_TRUTH_SECRET", "secret", required=True),
    ),
    open=_open,
    callback=Callback(CALLBACK_HEADER, "LABELING_TRUTH_SECRET", read_callback),
    needs_callback_url=True,
    knows_empty=True,
)
