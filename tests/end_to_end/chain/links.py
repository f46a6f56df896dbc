"""The links of the chain, each called as a team calls it, and what is behind it then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.called import vidset
from tests.end_to_end.chain.annotators import Annotators
from tests.end_to_end.chain.drives import Recording
from tests.end_to_end.chain.servers import Deployed
from tests.end_to_end.jobs import rows, wait_for
from vidset.beam.export_job import main as export_job
from vidset.beam.ingest_job import main as ingest_job
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.labeling.broker import open_broker
from vidset.labeling.reconciling import reconcile
from vidset.labeling.settings import Settings
from vidset.labeling.stores.firestore import FirestoreStore
from vidset.labeling.stores.store import Query
from vidset.warehouse.duckdb import make_views, open_duckdb

COLLECTIONS = ("tasks", "annotations", "answers", "predictions", "quarantine")


@dataclass
class Chain:
    """One chain, from collectors' disks to versions in `folder`/place."""

    deployed: Deployed
    recordings: Sequence[Recording]
    folder: Path

    def __post_init__(self) -> None:
        project = self.deployed.servers.project
        self.store_uri = f"firestore://{project}"
        self.store = FirestoreStore(project, "(default)")
        self.annotators = Annotators(self.deployed.servers, f"chain {project}")
        self.place = self.folder / "place"
        self.place.mkdir(exist_ok=True)
        self.warehouse = self.folder / "warehouse"

    def close(self) -> None:
        self.store.close()

    def upload(self, state: str = "state") -> list[dict[str, Any]]:
        """Each collector uploads its disk; what the command says of each."""
        told = []
        for collector in sorted({each.collector for each in self.recordings}):
            disk = next(each.path.parent for each in self.recordings if each.collector == collector)
            words = ("upload", disk, "--to", "gs://uploads", "--collector", collector)
            told.append(self.run(*words, "--state", self.folder / state))
        return told

    def wait_for_rows(self, videos: int, ledger: str = "gs://ledger") -> list[dict[str, Any]]:
        """Until the ledger has so many videos; the rows of their samples."""
        job = self.deployed.job, self.deployed.job_log
        wait_for(lambda: len(rows(ledger, "videos")) >= videos, *job)
        return rows(ledger, "frames")

    def wait_for_tasks(self, tasks: int) -> None:
        """Until so many have reached their vendors."""
        sent = Query("tasks", {"state": "dispatched"}), Query("tasks", {"state": "completed"})
        self.wait(lambda: sum(map(self.store.count, sent)) >= tasks)

    def answer(self, frames: Sequence[dict[str, Any]]) -> int:
        """Let the annotators answer all open tasks, until each answer is stored; how many.

        A webhook of Label Studio is sent once and has a second: what it lost is asked for, as a
        team's timer does.
        """
        by_uri = {each.uri: each for each in self.recordings}
        kept = {row["image_id"]: (by_uri[row["video_uri"]], row) for row in frames if row["kept"]}
        answered = self.annotators.answer(kept)
        settings = Settings.from_environment(self.deployed.broker["label-studio"], "dispatch")
        broker = open_broker(settings)
        completed = Query("tasks", {"state": "completed"})
        if self.store.count(completed) < len(self.annotators.seen):
            reconcile(broker)
        broker.store.close()
        self.wait(lambda: self.store.count(completed) >= len(self.annotators.seen))
        return answered

    def export(self, ledger: str = "gs://ledger", warehouse: Path | None = None) -> Path:
        """The export job for documents, then the ledgers' rows; the warehouse's folder."""
        folder = warehouse or self.warehouse
        words = [f"--store={self.store_uri}", f"--warehouse={folder}"]
        if export_job([*words, f"--dead_letters={self.folder}/dead-letters"]) != 0:
            raise AssertionError("the export job did not end well")
        words = ["sync", "-p", ledger, "--store", self.store_uri, "--warehouse", str(folder)]
        self.run(*words, "--dead-letters", self.folder / "dead-letters")
        return folder

    def export_to_bigquery(self) -> str:
        """The same into BigQuery: the export job, then a batch job over all uploads; the dataset.

        The batch job is the one that a team reconciles with. It meets images that are there.
        """
        servers = self.deployed.servers
        dataset = f"bq://{servers.project}.vidset"
        servers.bigquery.client().create_dataset("vidset")
        words = [f"--store={self.store_uri}", f"--warehouse={dataset}"]
        words += [f"--staging={self.folder}/staging", f"--dead_letters={self.folder}/dead-letters"]
        if export_job(words) != 0:
            raise AssertionError("the export job to BigQuery did not end well")
        words = ["--input=gs://uploads", "--images=gs://images", f"--ledger={dataset}"]
        if ingest_job([*words, f"--dead_letters={self.folder}/dead-letters"]) != 0:
            raise AssertionError("the batch job with a ledger in BigQuery did not end well")
        return dataset

    def create(self, name: str, *words: str, source: str | None = None) -> dict[str, Any]:
        """Cut a version from a warehouse, by default the chain's folder."""
        source = source or f"warehouse:{self.warehouse}"
        return self.run("dataset", "create", source, "-n", name, "-p", self.place, *words)

    def version(self, name: str) -> Manifest:
        """The images of a version."""
        return Repository(self.place / "datasets").manifest(name)

    def documents(self) -> dict[str, dict[str, Any]]:
        """All documents of the store, by collection and id."""
        return {
            collection: {each.id: each.document for each in self.store.find(Query(collection))}
            for collection in COLLECTIONS
        }

    def sql(self, query: str, warehouse: Path | None = None) -> list[dict[str, Any]]:
        with open_duckdb() as connection:
            make_views(connection, warehouse or self.warehouse)
            return connection.execute(query).to_arrow_table().to_pylist()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.sql(f"SELECT * FROM {table}")  # noqa: S608 (names of our own tables)

    def run(self, *words: object) -> dict[str, Any]:
        """What `vidset ... --json` prints, if it ends well."""
        called = vidset(*words, "--json")
        if called.code != 0:
            raise AssertionError(f"vidset {' '.join(map(str, words))}: {called}")
        return called.found

    def wait(self, what: Callable[[], bool]) -> None:
        wait_for(what, self.deployed.job, self.deployed.job_log)
