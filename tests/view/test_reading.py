"""A page whose place is still being read: it is there, and what is asked of the place waits."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from starlette.testclient import TestClient

from vidset.ledger.ledger import FRAMES
from vidset.project import Project
from vidset.view.access import Access
from vidset.view.app import View
from vidset.view.catalog import Catalog
from vidset.view.memory import EndingError

_ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def go_on(monkeypatch):
    """Lets the place be read; until then its reading waits."""
    may = threading.Event()
    refresh = Catalog.refresh

    def waiting(catalog: Catalog) -> bool:
        may.wait()
        return refresh(catalog)

    monkeypatch.setattr(Catalog, "refresh", waiting)
    yield may.set
    may.set()


def _client(view: View) -> TestClient:
    app = view.app(Access.of("127.0.0.1", 8000, [], []))
    return TestClient(app, base_url=_ADDRESS, raise_server_exceptions=False)


def test_the_page_is_there_while_its_place_is_read_and_answers_wait(place, go_on):
    told = []
    view = View(Project(str(place)), when_read=told.append)
    with _client(view) as client, ThreadPoolExecutor() as threads:
        answer = threads.submit(client.get, "/api/overview")
        page = client.get("/")
        assert (page.status_code, "main.js" in page.text) == (200, True)
        assert (wait([answer], timeout=0.2).done, told) == (set(), [])
        go_on()
        found = answer.result().json()
    view.close()
    assert (found["videos"], found["kept"], told) == ({"done": 2}, 13, [[]])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_place_that_cannot_be_read_is_no_empty_place(place, monkeypatch):
    def refuse(_: Catalog) -> bool:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(Catalog, "refresh", refuse)
    view = View(Project(str(place)), when_read=lambda _: None)
    with _client(view) as client:
        assert client.get("/api/overview").status_code == 500
        assert client.get("/").status_code == 200
    view.close()


def test_a_server_that_ends_reads_no_further(tmp_path):
    catalog = Catalog(Project(str(tmp_path)))
    catalog.end()
    with pytest.raises(EndingError):
        catalog.fill("own_frames", [FRAMES.empty_table()])
    catalog.close()
