"""Names the places that things go to which are made of uploads."""

from dataclasses import dataclass

SHEETS = "thumbnails"


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Says where sheets go, and whether there are any.

    Attributes:
        uri: of their folder or prefix; None: there can be none.
        are_drawn: else those of videos that are extracted again are taken away.
    """

    uri: str | None = None
    are_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """The places that things go to: folders, gs:// or s3:// uris.

    The ledger may also be bq://, and dead letters a topic; see `open_dead_letters`.

    Attributes:
        labels: the store of tasks and annotations, `sqlite:PATH` or firestore://PROJECT; None:
            there is none. No image that has labels is replaced or deleted.
        thumbnails: where sheets of dropped samples go, if anywhere.
    """

    images: str
    ledger: str
    dead_letters: str
    labels: str | None = None
    thumbnails: Thumbnails = Thumbnails()


def sheet_name(key: str) -> str:
    """Return the name of a video's sheet below the place's `thumbnails`, by its ledger key."""
    return f"{key}.webp"
