"""What other tools do to exported files: each edits one format, with no code of vidset's.

A handle is what an editor finds of an object: `boxes` gives those of an image in their order.
"""

from tests.cli.label.document_editors import Coco, Csv, Cvat, Datumaro, FiftyOne, LabelStudio
from tests.cli.label.editor import Editor
from tests.cli.label.folder_editors import Labelme, Voc, Yolo

EDITORS: dict[str, type[Editor]] = {
    "coco": Coco,
    "csv": Csv,
    "cvat": Cvat,
    "datumaro": Datumaro,
    "fiftyone": FiftyOne,
    "label-studio": LabelStudio,
    "labelme": Labelme,
    "voc": Voc,
    "yolo": Yolo,
}
