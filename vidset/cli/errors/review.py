"""`vidset review`: decisions in, counts and fixes out."""

import json
from dataclasses import replace
from pathlib import Path

from vidset.cli.errors.display import show_review
from vidset.datasets.curation.fix import Fixes, parse_fixes
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import write_atomically
from vidset.training.reviewing.categories import parse_categories
from vidset.training.reviewing.decisions import check_decisions, count_decisions


def run_review(decisions: Path, errors: Path, fixes: Path, *, as_json: bool, quiet: bool) -> None:
    """Count a review and write its fixes.

    Raises:
        DatasetError: a file is not there or not what it should be, or the decisions are on another
            version.
        FaultsError: single decisions cannot be counted; each is named.
    """
    given = parse_fixes(_read(decisions), str(decisions))
    path = errors / "errors.json"
    try:
        shown = json.loads(_read(path))
        origins = {image["image_sha256"]: image["origin"] for image in shown["shown"]}
        version, kinds = shown["version"], shown["categories"]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path}: wanted what vidset errors writes: {error!r}") from None
    categories = parse_categories(kinds, str(path))
    if given.version != version:
        raise DatasetError(
            f"{decisions}: is of version {given.version}, {errors} of version {version}"
        )
    check_decisions(given.fixes, origins, categories)
    counts = count_decisions(given.fixes, len(origins), categories)
    # By the collected image, so that they fit every version which was made of it.
    of_origins = (replace(fix, image_sha256=origins[fix.image_sha256]) for fix in given.fixes)
    made = Fixes(version, tuple(of_origins))
    text = json.dumps(made.to_json(), indent=1, ensure_ascii=False)
    write_atomically(fixes, text.encode())
    show_review(counts, fixes, as_json=as_json, quiet=quiet)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: {error}") from None
