"""Labels under other names, and boxes for outlines, from every source alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from vidset.datasets.curation.sources.source import Fault, Found, Source
from vidset.formats.reshaping import as_boxes, renamed
from vidset.labeling.annotation import LabeledObject


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A source whose labels are changed on the way.

    Attributes:
        names: new names of labels; what it does not have keeps its own.
        boxes: take the upright box around each outline, mask and rotated box.
    """

    source: Source
    names: Mapping[str, str] = field(default_factory=dict)
    boxes: bool = False

    def __iter__(self) -> Iterator[Found | Fault]:
        for each in self.source:
            yield each if isinstance(each, Fault) else self._changed(each)

    def _changed(self, found: Found) -> Found:
        label = None if found.label is None else self.names.get(found.label, found.label)
        if found.objects is None:
            return replace(found, label=label)
        objects = renamed(map(LabeledObject.from_document, found.objects), self.names)
        objects = as_boxes(objects) if self.boxes else objects
        return replace(found, label=label, objects=[item.to_older_document() for item in objects])
