"""The vendor as the tests open it, on a double."""

from tests.labeling.vendors.scale.double import API_KEY
from vidset.labeling.template import Template
from vidset.labeling.vendors.scale.vendor import ScaleVendor
from vidset.labeling.vendors.vendor import Request

CALLBACK_URL = "https://broker.example/answers/scale"
QUERY = "X-Goog-Algorithm=GOOG4&X-Goog-Credential=me%40p.iam&X-Goog-Signature=5ec2e7"


def open_vendor(url, api_key=API_KEY, callback_url=CALLBACK_URL):
    template = Template.model_validate(
        {
            "name": "cars",
            "instruction": "Draw boxes.",
            "labels": [{"name": "car", "min_width": 8}],
            "scale": {"project": "drives", "priority": 20, "params": {"tags": ["a"]}},
        }
    )
    return ScaleVendor(api_key, template, callback_url, url)


def request_for(image, **values):
    name = image.uri.removeprefix("gs://")
    return Request(image, f"https://storage.googleapis.com/{name}?{QUERY}", **values)


def tasks_of(double, image):
    return [task for task in double.tasks() if task.get("unique_id") == image.id]
