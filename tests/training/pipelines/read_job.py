"""Read a PipelineJob (JSON, standard input) as Vertex AI's client does. Run with that client.

It prints what was read, as JSON. A field that there is not is an error.
"""

import json
import sys

from google.cloud.aiplatform_v1.types import PipelineJob
from google.protobuf.json_format import MessageToDict, ParseDict

read = ParseDict(json.load(sys.stdin), PipelineJob.pb(PipelineJob()))
print(json.dumps(MessageToDict(read)))
