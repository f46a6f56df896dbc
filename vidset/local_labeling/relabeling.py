"""Send the images that a review found labeled wrong back to the annotators."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vidset.labeling.asking_again import ask_again
from vidset.labeling.broker import Broker
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.local_labeling.image_names import ImageNames
from vidset.place import Place


@dataclass(frozen=True, slots=True)
class Wrong:
    """An image whose labels are wrong.

    Attributes:
        image_uri: as the dataset version names it.
        remark: what the reviewer says to the annotators.
    """

    image_uri: str
    remark: str


def relabel_images(
    broker: Broker,
    place: Place,
    wanted: Iterable[Wrong],
    by: str,
    show: Callable[[Counter[str]], None] = lambda _: None,
) -> tuple[Counter[str], list[str]]:
    """Send images back. Returns counts by outcome, and the problems in words.

    Raises:
        ValueError: the place does not have one of the images; nothing was sent.
    """
    names = ImageNames((image, place.name_of(image.id, image.uri)) for image in place.images())
    found = []
    for wrong in wanted:
        image = names.find(wrong.image_uri)
        if image is None:
            raise names.unknown(wrong.image_uri)
        found.append((image, wrong.remark))
    counts: Counter[str] = Counter()
    problems = []
    for image, remark in found:
        try:
            outcome = ask_again(broker, image, remark, by)
        except (RefusedError, TryAgainError) as error:
            outcome = "refused" if isinstance(error, RefusedError) else "waiting"
            problems.append(f"{image.uri}: {error}")
        counts["repeated" if outcome == "open" else outcome] += 1
        show(counts)
    return counts, problems
