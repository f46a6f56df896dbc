"""docs/stuck.md: each case has what one sees, a command and a way out, and names what exists."""

import re

import pytest

from tests.paths import ROOT

GUIDE = (ROOT / "docs" / "stuck.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL))
TERRAFORM = "\n".join(path.read_text() for path in sorted((ROOT / "infra").glob("*.tf")))


def test_every_case_that_was_asked_for_is_there():
    wanted = ["drain", "update", "queue", "quota", "function", "queued", "subnetwork", "start"]
    titles = " ".join(SECTIONS).lower()
    assert [each for each in wanted if each not in titles] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_a_case_has_what_one_sees_the_command_and_the_way_out(section):
    text = SECTIONS[section]
    assert text.strip().startswith("**You see**")
    assert re.search(r"^```sh\n", text, re.MULTILINE)
    # Beside the command that looks: another command, or what to do in each case.
    assert re.search(r"way out|^- \*\*|^\| .* \| .* \|", text, re.MULTILINE) or "make " in text


def test_resources_that_are_imported_or_replaced_exist():
    named = set(re.findall(r"'(google_\w+)\.(\w+)(?:\[0\])?'", GUIDE))
    assert named == {("google_dataflow_flex_template_job", "ingest")}
    for kind, name in named:
        assert f'resource "{kind}" "{name}"' in TERRAFORM


def test_what_the_launcher_and_the_workers_say_is_what_they_say():
    said = {
        "no job 'vidset-ingest' runs": "vidset/beam/updating.py",
        "no job was started within 900 seconds": "docker/beam/launch.py",
        "given up after": "vidset/beam/attempts.py",
        "launched the job, and its workers have revision": "vidset/beam/revision.py",
        "--scratch_bytes must be at most": "vidset/beam/scratch.py",
    }
    for text, file in said.items():
        assert text in GUIDE
        code = (ROOT / file).read_text()
        # Without what is filled in.
        fixed = max(re.split(r"'vidset-ingest'|900", text), key=len).strip()
        assert fixed in code, f"{fixed!r} is not in {file}"


def test_the_launcher_gives_up_before_terraform_does():
    [limit] = re.findall(
        r"^LIMIT_SECONDS = 15 \* 60$",
        (ROOT / "docker" / "beam" / "launch.py").read_text(),
        re.MULTILINE,
    )
    assert limit
    assert "after 20 minutes" in GUIDE
