import pytest

from vidset.rights import NONE, LicenseChoice, Rights, read_rights


def test_what_was_typed_is_read():
    said = ["license=CC-BY-4.0", "attribution = City of Ghent", "license_url=https://x/?a=b"]
    assert read_rights(said).told() == {
        "license": "CC-BY-4.0",
        "license_url": "https://x/?a=b",
        "attribution": "City of Ghent",
    }
    assert read_rights([]) == NONE


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param(["licence=x"], "got 'licence=x'. Did you mean 'license'?", id="spelling"),
        pytest.param(["CC0-1.0"], "wanted KEY=VALUE", id="no key"),
        pytest.param(["consent="], "consent: wanted a text of one line, got ''", id="empty"),
        pytest.param(["consent=a\nb"], "wanted a text of one line", id="two lines"),
        pytest.param(["consent=a", "consent=b"], "consent: wanted it once", id="twice"),
        pytest.param(["consent=" + "x" * 8193], "wanted at most 8,192", id="long"),
    ],
)
def test_what_was_typed_wrongly_is_refused(said, message):
    with pytest.raises(ValueError, match="--rights: ") as refused:
        read_rights(said)
    assert message in str(refused.value)


def test_the_nearer_statement_holds_and_a_licence_goes_with_its_url():
    near = Rights(license="CC0-1.0", consent="form 1")
    far = Rights(
        license="Theirs", license_url="https://theirs", attribution="Ada", consent="form 2"
    )
    assert near.or_else(far) == Rights(license="CC0-1.0", attribution="Ada", consent="form 1")
    assert NONE.or_else(far) == far
    assert not NONE
    assert near


@pytest.mark.parametrize(
    "rights",
    [
        pytest.param(NONE, id="nothing"),
        pytest.param(Rights(license="CC-BY-4.0"), id="one"),
        pytest.param(Rights("100 % ours", "https://é", "Straße 日本語", "a%20b", "x"), id="all"),
    ],
)
def test_rights_come_back_from_metadata_and_json(rights):
    metadata = rights.metadata()
    assert all(text.isascii() for text in metadata.values())
    assert Rights.of_metadata({"collector_id": "cam1", **metadata}) == rights
    assert Rights.from_json(rights.to_json()) == rights


def test_what_others_wrote_beside_an_object_never_stops_a_video():
    found = Rights.of_metadata({"license": " a\x00\n b ", "consent": "", "attribution": 7})
    assert found == Rights(license="a\N{REPLACEMENT CHARACTER} b")
    assert Rights.of_metadata(None) == NONE


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Ours", None),
    ],
)
def test_the_text_of_a_licence_of_creative_commons_is_known(name, url):
    assert Rights(license=name).known_license_url == url


def test_a_choice_takes_names_and_urls_in_any_case_and_what_is_not_stated():
    stated, unstated = Rights(license="CC-BY-4.0"), Rights(attribution="Ada")
    for name in "cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/":
        assert LicenseChoice((name,)).allows(stated)
        assert not LicenseChoice((name,)).allows(unstated)
    assert LicenseChoice(("NOASSERTION",)).allows(unstated)
    assert not LicenseChoice(("NOASSERTION",)).allows(stated)
    assert LicenseChoice().allows(unstated)
