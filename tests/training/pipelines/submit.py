"""Make a Vertex AI job of a compiled pipeline, without sending it. Run with Vertex AI's client.

submit.py PIPELINE.yaml '{"parameter": value}'
"""

import json
import sys

from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform

job = aiplatform.PipelineJob(
    display_name="improve",
    template_path=sys.argv[1],
    pipeline_root="gs://bucket/root",
    project="project-1",
    location="europe-west1",
    credentials=AnonymousCredentials(),
    parameter_values=json.loads(sys.argv[2]),
)
made = json.loads(json.dumps(job.to_dict()["runtimeConfig"]))
print(json.dumps(made))
