"""Reads what is stored of the images that imported files are about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidset.labeling.annotation import Annotation, Answer, ConsensusRule
from vidset.labeling.broker import Broker
from vidset.labeling.consensus import Consensus, consensus
from vidset.labeling.stores.store import Key

_LOOKUPS = 300


@dataclass(frozen=True, slots=True)
class StoredLabels:
    """An image's annotation.

    Attributes:
        answers: all that it was made of, in the order in which they came.
        rule: how they become the annotation.
    """

    annotation: Annotation
    answers: Sequence[Answer]
    rule: ConsensusRule

    def at(self, revision: int) -> Consensus:
        """Return what was agreed on at a revision."""
        return consensus(self.answers[:revision], self.rule)

    def is_another_voice(self, answer: Answer, base_revision: int | None) -> bool:
        """Returns whether a file tells of an annotator who has not answered this image yet."""
        return (
            base_revision is None
            and answer.annotator not in {each.annotator for each in self.answers}
            and answer.annotator != (answer.imported or {}).get("by")
        )


def stored_labels(broker: Broker, image_ids: Sequence[str]) -> Iterator[StoredLabels | None]:
    """Yield what is stored of each image; None where nobody answered, or all was taken back."""
    for start in range(0, len(image_ids), _LOOKUPS):
        keys: list[Key] = [("annotations", id_) for id_ in image_ids[start : start + _LOOKUPS]]
        for found in broker.store.get(*keys):
            annotation = Annotation.from_document(found.document) if found else None
            if annotation is None or annotation.state == "rejected":
                yield None
                continue
            names: list[Key] = [("answers", name) for name in annotation.answers]
            answers = [
                Answer.from_document(each.document) for each in broker.store.get(*names) if each
            ]
            yield StoredLabels(annotation, answers, broker.settings.consensus)
