"""A template, requests and regions for tests on the Label Studio server."""

import uuid

from vidset.labeling.task import Image
from vidset.labeling.template import parse_template
from vidset.labeling.vendors.label_studio.vendor import LabelStudioVendor
from vidset.labeling.vendors.vendor import Request

SIGNATURE = "?X-Goog-Algorithm=GOOG4&X-Goog-Credential=c&X-Goog-Signature=5ec2e7"
CAR = "car <\"&' ü 車"
TEMPLATE = """
name: street
labels:
  - {name: "car <\\"&' ü 車"}
  - {name: road, type: polygon}
  - {name: night, type: classification}
attributes: [{name: weather, choices: [sun, rain], many: true}]
"""


def vendor_opener(label_studio, text=TEMPLATE):
    """Opens vendors of one new project, each as if of another process."""
    title = f"street {uuid.uuid4().hex}"
    template = parse_template(f"{text}\nlabel_studio: {{project: {title}}}", "t.yaml")

    def open_vendor(**arguments):
        arguments = {"url": label_studio.url, "token": label_studio.token} | arguments
        return LabelStudioVendor(template=template, **arguments)

    return open_vendor


def request_of(number=1, predictions=(), size=(640, 480)):
    image_id = f"{number:032x}"
    image = Image(image_id, f"gs://images/{image_id}.jpg", *size)
    return Request(
        image, f"https://storage.googleapis.com/images/{image_id}{SIGNATURE}", predictions
    )


def rectangle(id_="r1", x=12.345678901234567, **value):
    drawn = {"x": x, "y": 2 / 3, "width": 33.3, "height": 0.1, "rotation": 0}
    return {
        "id": id_,
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 640,
        "original_height": 480,
        "image_rotation": 0,
        "value": drawn | {"rectanglelabels": [CAR]} | value,
    }
