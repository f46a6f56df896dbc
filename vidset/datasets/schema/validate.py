"""A version against its repository's schema."""

import pyarrow as pa

from vidset.datasets.schema.anomalies import Anomaly, find_anomalies
from vidset.datasets.schema.files import read_schema, schema_path
from vidset.datasets.schema.schema import Thresholds, infer
from vidset.datasets.schema.statistics import describe
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository


def validate(repository: Repository, manifest: Manifest, measures: pa.Table) -> list[Anomaly]:
    """Its anomalies, before or after it is written.

    Before a repository's first version there is no schema: then what is told is what would be odd
    in any version, such as blanks and labels without training images.

    Raises:
        DatasetError: the schema's file is none, or an image has no measures.
    """
    statistics = describe(manifest, measures)
    if schema_path(repository).exists() or repository.versions():
        schema = read_schema(repository)
    else:
        schema = infer(statistics, manifest.id, thresholds=Thresholds())
    return find_anomalies(schema, statistics)
