"""Read what `vidset label dispatch --relabel FIXES` sends back."""

from vidset.datasets.curation.fixes import read_fixes
from vidset.local_labeling.relabeling import Wrong
from vidset.output import local_path


def wrong_images(fixes: str) -> list[Wrong]:
    """Read which images annotators are to label again.

    Raises:
        ValueError: the file names none, or is no file of fixes.
    """
    found = [
        Wrong(fix.image_uri, fix.note or fix.category or "")
        for fix in read_fixes(local_path("--relabel", fixes)).fixes
        if fix.is_for_annotators
    ]
    if not found:
        raise ValueError(f"{fixes}: wanted decisions to relabel that name no label, got none")
    return found
