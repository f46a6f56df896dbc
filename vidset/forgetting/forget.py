"""Forget videos with all that came of them.

    journal -> tombstones -> tasks at vendors -> ... -> ledgers -> check -> receipt

The journal says what is to be deleted before anything is. From the tombstones on nothing takes the
videos in again. The ledgers go late, because an earlier vidset finds the images by them. Every step
may be repeated; a call that was killed goes on with its journal.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from vidset.forgetting.files import (
    forget_dead_letters,
    forget_images,
    forget_ledger,
    forget_sources,
    forget_tags,
    forget_thumbnails,
    forget_vectors,
)
from vidset.forgetting.journal import (
    Choice,
    Journal,
    delete_journal,
    make_journal,
    read_journal,
    write_journal,
)
from vidset.forgetting.labels import check_vendors, forget_documents, forget_tasks
from vidset.forgetting.leftovers import forget_leftovers
from vidset.forgetting.receipt import Receipt, kept_by_wish, recoverable_from, write_receipt
from vidset.forgetting.runs import forget_errors, forget_predictions
from vidset.forgetting.step import Step, Work
from vidset.forgetting.tables import forget_rows
from vidset.forgetting.versions import (
    affected_versions,
    forget_details,
    forget_entries,
    forget_version_images,
)
from vidset.forgotten import Tombstone, Tombstones
from vidset.labeling.vendors.vendor import Vendor
from vidset.lineage.records import Records
from vidset.project import Project
from vidset.storage.uris import parse_uri

# In this order; vendors come first, since they may refuse.
STEPS: tuple[Step, ...] = (
    forget_tasks,
    forget_documents,
    forget_sources,
    forget_images,
    forget_vectors,
    forget_tags,
    forget_predictions,
    forget_errors,
    forget_entries,
    forget_details,
    forget_version_images,
    forget_rows,
    forget_ledger,
    forget_dead_letters,
    forget_leftovers,
    # Last: reading may have filled a cache meanwhile.
    forget_thumbnails,
)
# A vendor may keep what it was asked to delete: the check asks for what is ours.
_CHECKED = tuple(step for step in STEPS if step is not forget_tasks)


def with_named(project: Project, ledger: str | None, store: str | None) -> Project:
    """Return the project with what was named for a call; after one that was stopped, as that did.

    Args:
        ledger: bq://PROJECT.DATASET, where a job has written the ledgers of the images in a bucket.
        store: of tasks and annotations.

    Raises:
        ValueError: there are no such ledgers, it is not told which labels are of the images, or a
            call that was stopped has named others.
    """
    before = read_journal(project.place)
    if before is not None:
        pairs = ("--warehouse", ledger, before.ledger), ("--store", store, before.store)
        for option, given, named in pairs:
            if given not in (None, named) and (named is not None or option == "--warehouse"):
                raise ValueError(
                    f"{option} {given}: an earlier call was stopped, which went by "
                    f"{named or 'the ledgers of the place'}: vidset forget without a VIDEO and "
                    f"without {option} finishes it first"
                )
        ledger, store = before.ledger, before.store or store
    project = replace(project, given_ledger=ledger, given_store=store)
    if ledger is None:
        return project
    if not ledger.startswith("bq://"):
        raise ValueError(
            f"--warehouse {ledger}: wanted bq://PROJECT.DATASET; other ledgers are in the place"
        )
    if project.is_folder or parse_uri(project.place).prefix:
        raise ValueError(
            f"{project.place}: with --warehouse, wanted the bucket of images that the job names "
            "with --images, such as gs://images"
        )
    if project.store is None:
        raise ValueError(
            "with --warehouse, wanted --store firestore://PROJECT, or sqlite:FILE: tasks and "
            "annotations of the images are to be erased there"
        )
    return project


class Forgetting:
    """Finds, deletes and checks what came of some videos of a place.

    Args:
        open_vendor: opens a vendor by its name.
    """

    def __init__(self, project: Project, open_vendor: Callable[[str], Vendor]):
        self._project, self._open_vendor = project, open_vendor

    def unfinished(self) -> Journal | None:
        """Return the journal of a call that was stopped; None where there is none."""
        return read_journal(self._project.place)

    def find(
        self, choice: Choice, actor: str, *, keep_source: bool = False, keep_tasks: bool = False
    ) -> Journal:
        """Look up what came of the chosen videos. Nothing is written.

        Raises:
            ValueError: a video that is named is none of the place's.
        """
        records = Records(self._project)
        return make_journal(records, choice, actor, keep_source=keep_source, keep_tasks=keep_tasks)

    def look(self, journal: Journal) -> Receipt:
        """Say what would be deleted."""
        work = self._work(journal, is_dry=True)
        return self._receipt(work, _totals(step(work) for step in STEPS), {})

    def forget(self, journal: Journal, progress: Callable[[str], None] = lambda _: None) -> Receipt:
        """Delete it, and check that nothing is left.

        Args:
            progress: is told what is being deleted.

        Raises:
            ValueError: a vendor or a store cannot be opened, or a file cannot be read; what was
                deleted before is, and the next call goes on. Or another call is deleting other
                videos: then nothing is deleted.
        """
        check_vendors(self._work(journal))
        there = self.unfinished()
        if there is not None and there.videos != journal.videos:
            raise ValueError(
                f"another call of vidset forget deletes {len(there.videos)} videos, or was stopped "
                "meanwhile: vidset forget without a VIDEO finishes it first"
            )
        before = self._work(journal, is_dry=True)
        if there is None:
            journal = replace(journal, found=_totals(step(before) for step in STEPS))
        write_journal(self._project.place, journal)
        tombstones = Tombstones(self._project.place)
        for gone in journal.videos:
            tombstones.put(gone.key, Tombstone(journal.actor, journal.at))
        receipt = self._receipt(before, {}, {})  # Later there is nothing to name them by.
        deleted: dict[str, int] = {}
        for step in STEPS:
            progress(step.__name__.replace("_", " "))
            deleted = _totals([deleted, step(self._work(journal))])
        check = self._work(journal, is_dry=True)
        left = _totals(step(check) for step in _CHECKED)
        receipt = replace(receipt, is_dry=False, deleted=deleted, left=left)
        receipt = replace(receipt, receipt=write_receipt(self._project.place, journal, receipt))
        if not left:
            delete_journal(self._project.place)
        return receipt

    def _work(self, journal: Journal, *, is_dry: bool = False) -> Work:
        # Records are read anew: steps change what they are read from.
        return Work(journal, Records(self._project), self._open_vendor, is_dry)

    def _receipt(self, work: Work, deleted: Mapping[str, int], left: Mapping[str, int]) -> Receipt:
        journal = work.journal
        versions = affected_versions(work.records.repository, journal)
        return Receipt(
            is_dry=work.is_dry,
            videos=[each.uri for each in journal.videos],
            deleted=dict(deleted),
            left=dict(left),
            recoverable=list(recoverable_from(self._project, journal)),
            runs=list(journal.runs),
            versions=versions,
            elsewhere=_elsewhere(work, versions),
            kept=kept_by_wish(journal),
        )


def _elsewhere(work: Work, versions: Collection[str]) -> list[str]:
    found = [
        f"{each.output} ({each.format}, {each.at[:10]}, {each.actor})"
        for each in work.records.exports
        if each.version is None or each.version in versions
    ]
    if (ledger := work.records.project.given_ledger) is not None:
        found.append(f"dataset versions that were cut from {ledger}, in places of their own")
    return found


def _totals(found) -> dict[str, int]:
    totals: dict[str, int] = {}
    for each in found:
        for name, number in each.items():
            totals[name] = totals.get(name, 0) + number
    return totals
