"""The job that blurs: as Terraform calls it, as the command reads it, and what it tells."""

import json
import re

import pytest

from tests.infra.applied import PROJECT
from tests.paths import ROOT
from vidset.cli import blur
from vidset.cli.command import tree_of
from vidset.cli.main import app
from vidset.gate import Gate, copies_elsewhere
from vidset.privacy.centerface import KNOWN
from vidset.privacy.copying import BlurSummary

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def read(with_gate):
    """The options, as the command reads them."""
    template = with_gate.values["google_cloud_run_v2_job.blur[0]"]["template"][0]
    command, *words = template["template"][0]["containers"][0]["args"]
    return tree_of(app).commands[command].make_context(command, words).params


def test_the_command_takes_the_options(read):
    assert read["subject"] == f"gs://{PROJECT}-vidset-images"
    assert read["copies"] == f"gs://{PROJECT}-vidset-blurred"
    assert read["warehouse"] == f"bq://{PROJECT}.vidset"
    assert read["detectors"] == [f"faces:gs://team-models/faces/centerface.onnx#{KNOWN}"]
    assert (read["method"], read["limit"], read["exit_zero"]) == ("mosaic", 10_000, True)


def test_what_terraform_puts_beside_the_originals_names_the_copies(with_gate, tmp_path):
    written = with_gate.values["google_storage_bucket_object.gate[0]"]
    (tmp_path / written["name"]).write_text(written["content"])
    assert copies_elsewhere(str(tmp_path)) == f"gs://{PROJECT}-vidset-blurred"
    assert json.loads(written["content"])["format"] == 1


def test_the_alert_finds_the_line_that_tells_of_an_image(with_gate):
    policy = with_gate.values["google_monitoring_alert_policy.held_back[0]"]
    [condition] = policy["conditions"]
    [matched] = condition["condition_matched_log"]
    wanted = re.search('textPayload:"([^"]+)"', matched["filter"])
    assert wanted
    summary = BlurSummary(Gate(("faces",)), failed=[("gs://images/a.jpg", "why")])
    [line] = blur._held_back(summary)
    assert wanted[1] in line


def test_the_image_of_the_job_is_tried_when_it_is_built():
    dockerfile = (ROOT / "docker" / "cloud_run" / "Dockerfile").read_text()
    assert "python -m vidset blur --help" in dockerfile
