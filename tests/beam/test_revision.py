import pytest

from vidset.beam.revision import VARIABLE, OtherRevisionError, check_revision, revision


def test_workers_of_the_launchers_revision_go_on(monkeypatch):
    monkeypatch.setenv(VARIABLE, "abc123")
    check_revision(revision())
    monkeypatch.delenv(VARIABLE)
    check_revision(revision())


@pytest.mark.parametrize(("launched", "mine"), [("abc123", "def456"), ("abc123", None)])
def test_workers_of_another_revision_are_refused_with_both_names(monkeypatch, launched, mine):
    monkeypatch.delenv(VARIABLE, raising=False)
    if mine:
        monkeypatch.setenv(VARIABLE, mine)
    with pytest.raises(OtherRevisionError, match=f"{launched} .*{mine or 'none'}"):
        check_revision(launched)
