"""Labels under other names, and boxes for outlines, from every source alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from vidset.datasets.curation.sources.source import Fault, Found, Source
from vidset.formats.reshaping import as_boxes, check_map, renamed
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
        """Raises ValueError: no image has a label that is to be renamed."""
        seen: set[str] = set()
        for each in self.source:
            if isinstance(each, Fault):
                yield each
            else:
                seen.update(filter(None, [each.label]))
                seen.update(thing["label"] for thing in each.objects or ())
                yield self._changed(each)
        check_map(self.names, seen)

    def _changed(self, found: Found) -> Found:
        label = None if found.label is None else self.names.get(found.label, found.label)
        if found.objects is None:
            return replace(found, label=label)
        objects = renamed(map(LabeledObject.from_document, found.objects), self.names)
        objects = as_boxes(objects) if self.boxes else objects
        return replace(found, label=label, objects=[item.to_older_document() for item in objects])
