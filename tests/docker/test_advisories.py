"""Locked packages are held against what is known of them."""

import importlib.util
import json
import subprocess
import sys

import pytest
import yaml

from tests.paths import ROOT

_SPEC = importlib.util.spec_from_file_location("advisories", ROOT / "docker" / "advisories.py")
advisories = importlib.util.module_from_spec(_SPEC)
sys.modules["advisories"] = advisories  # Its dataclass looks its module up.
_SPEC.loader.exec_module(advisories)

RECORD = {
    "id": "PYSEC-2024-1",
    "aliases": ["CVE-2024-1"],
    "affected": [
        {
            "package": {"name": "Some_Package", "ecosystem": "PyPI"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abcdef"}]},
                {
                    "type": "ECOSYSTEM",
                    "events": [
                        {"introduced": "0"},
                        {"fixed": "1.10.2"},
                        {"introduced": "2.0"},
                        {"fixed": "2.1"},
                    ],
                },
            ],
            "versions": ["1.0", "2.0"],
        }
    ],
}


@pytest.mark.parametrize(
    ("version", "is_affected"),
    [("1.9", True), ("1.10.2", False), ("2.0", True), ("2.1rc1", True), ("2.1", False)],
)
def test_versions_are_compared_as_versions(version, is_affected):
    advisory = advisories.of_record(RECORD, "some-package")
    assert advisory is not None
    assert advisory.affects(version) == is_affected


def test_a_record_without_ranges_names_its_versions_and_one_without_an_end_holds_for_good():
    part = {"package": {"name": "p"}, "versions": ["1.0"]}
    single = advisories.of_record({"id": "A", "affected": [part]}, "p")
    assert single is not None
    assert [single.affects(each) for each in ("1.0.0", "1.1")] == [True, False]
    endless = advisories.Advisory("B", (), (("0", None),))
    assert list(advisories.affected({"p": {"9"}}, {"p": [endless]})) == [("p", "9", endless)]


def test_what_was_withdrawn_or_is_of_another_package_holds_for_nothing():
    assert (
        advisories.of_record({**RECORD, "withdrawn": "2024-02-01T00:00:00Z"}, "some-package")
        is None
    )
    other = advisories.of_record(RECORD, "other")
    assert other is not None
    assert not other.affects("1.0")


def test_no_locked_package_has_an_advisory_that_nobody_accepted(capsys):
    assert len(advisories.locked()) > 100
    assert advisories.check() == 0, capsys.readouterr().err


def test_an_affected_package_is_named_with_what_is_wanted(tmp_path, monkeypatch, capsys):
    name, versions = next(iter(advisories.locked().items()))
    database, known = tmp_path / "database", tmp_path / "known.json"
    folder = database / "vulns" / name
    folder.mkdir(parents=True)
    fixed = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99999"}]}
    part = {"package": {"name": name}, "ranges": [fixed]}
    (folder / "A-1.yaml").write_text(yaml.safe_dump({"id": "A-1", "affected": [part]}))
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Records"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(database), *who, *words], check=True)
    monkeypatch.setattr(advisories, "_KNOWN", known)
    monkeypatch.setattr(advisories.read_known, "__defaults__", (known,))
    assert advisories.renew(database) == 1
    told = capsys.readouterr().err
    assert (
        f"{name} {min(versions)} is locked and has an advisory (A-1): wanted {name} 99999" in told
    )
    given = json.loads(known.read_text())
    known.write_text(json.dumps({**given, "accepted": {"A-1": "The part is not used."}}))
    assert advisories.renew(database) == 0
    assert advisories.read_known(known)[1] == {"A-1": "The part is not used."}


def test_a_folder_that_is_no_database_is_refused(tmp_path, capsys):
    assert advisories.renew(tmp_path) == 2
    assert "wanted a checkout of" in capsys.readouterr().err
