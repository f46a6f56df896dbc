"""A version against its repository's schema."""

import pyarrow as pa

from training.anomalies import Anomaly, find_anomalies
from training.manifest import Manifest
from training.repository import Repository
from training.schema import Thresholds, infer
from training.schema_files import read_schema, schema_path
from training.statistics import describe


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
