"""Wiring of the export job: documents to the warehouse's rows and dead letters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from vidset.beam.export_options import ExportSettings
from vidset.beam.ingest import NAMESPACE
from vidset.beam.revision import check_revision, revision
from vidset.documents.documents import Documents, Part
from vidset.documents.open import open_documents
from vidset.elements import DeadLetter
from vidset.warehouse.export import Export, Plan, Staged, Warehouse, export_part, finish, plan
from vidset.warehouse.open import open_warehouse

_DEAD = "dead_letters"
_Dead = TaggedOutput[Literal["dead_letters"], DeadLetter]


@dataclass
class PlanExports(beam.PTransform):
    """Names of tables in; what to read for each out."""

    settings: ExportSettings

    def expand(self, names):
        plans = names | "Plan" >> beam.ParDo(_Plan(self.settings))
        # What follows must agree on when the export began, also when a step is repeated.
        return plans | "Fix" >> beam.Reshuffle()


@dataclass
class StageRows(beam.PTransform):
    """Plans in; what was staged, and dead letters, out."""

    settings: ExportSettings

    def expand(self, plans):
        outputs = (
            plans
            | "Parts" >> beam.FlatMap(_parts)
            | "Redistribute" >> beam.Reshuffle()
            | "Stage" >> beam.ParDo(_StagePart(self.settings)).with_outputs(_DEAD, main="staged")
        )
        return outputs.staged, outputs[_DEAD]


@dataclass
class MergeRows(beam.PTransform):
    """Plans and what was staged for them in, as a pair; each table is merged once all is there."""

    settings: ExportSettings

    def expand(self, plans_and_staged):
        plans, staged = plans_and_staged
        return (
            (
                plans | "Plans by table" >> beam.WithKeys(lambda planned: planned.table),
                staged | "Staged by table" >> beam.WithKeys(lambda staged: staged.table),
            )
            | "All of a table" >> beam.CoGroupByKey()
            | "Merge" >> beam.ParDo(_Merge(self.settings))
        )


class _Opened(beam.DoFn):
    """Opens the store and the warehouse once in each worker."""

    def __init__(self, settings: ExportSettings):
        self._settings, self._revision = settings, revision()

    def setup(self) -> None:
        check_revision(self._revision)
        self._documents: Documents = open_documents(self._settings.store)
        self._warehouse: Warehouse = open_warehouse(
            self._settings.warehouse, self._settings.staging
        )

    def teardown(self) -> None:
        self._documents.close()
        self._warehouse.close()


class _Plan(_Opened):
    def process(self, table: str) -> Iterator[Plan]:
        settings = self._settings
        yield plan(self._documents, self._warehouse, table, settings.parts, full=settings.full)


class _StagePart(_Opened):
    def process(self, part: Part) -> Iterator[Staged | _Dead]:
        for output in export_part(self._documents, self._warehouse, part):
            if isinstance(output, DeadLetter):
                yield TaggedOutput(_DEAD, output)
            else:
                yield output


class _Merge(_Opened):
    def process(self, grouped: tuple[str, tuple[Iterable[Plan], Iterable[Staged]]]):
        _, (plans, staged) = grouped
        [planned] = plans
        export = finish(self._warehouse, planned, staged)
        _count(export)
        yield export


def _parts(planned: Plan) -> tuple[Part, ...]:
    return planned.parts


def _count(export: Export) -> None:
    for name in "documents", "changed", "malformed":
        counter = Metrics.counter(NAMESPACE, f"{export.table_name}_{name}")
        counter.inc(getattr(export, name))
