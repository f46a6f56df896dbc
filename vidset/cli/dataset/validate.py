"""`vidset dataset validate`."""

import json
from dataclasses import asdict

from vidset.cli.dataset.display import SHORT_ID, say, warn
from vidset.datasets.schema.anomalies import find_anomalies
from vidset.datasets.schema.files import read_schema, update_schema
from vidset.datasets.schema.statistics import describe
from vidset.datasets.versions.repository import Repository


def run_validate(
    repository: str,
    reference: str,
    *,
    fatal: bool = False,
    update: bool = False,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Say what is odd, against the schema as it was until now; the exit code: 1 if it is fatal.

    Args:
        update: make the version the schema's, after the comparison.

    Raises:
        ValueError: there is no such version, or the schema's file is none.
    """
    place = Repository(repository)
    id_ = place.resolve(reference)
    schema = read_schema(place)
    found = find_anomalies(schema, describe(place.manifest(id_), place.measures(id_)))
    if as_json:
        anomalies = [asdict(anomaly) for anomaly in found]
        against = {"number": schema.number, "version": schema.version}
        print(json.dumps({"version": id_, "schema": against, "anomalies": anomalies}))
    else:
        warn(map(str, found))
        many = f"{len(found)} anomalies" if found else "nothing odd"
        if not quiet:
            say(f"{many}, by schema {schema.number} (of version {schema.version[:SHORT_ID]})")
    if update:
        number = update_schema(place, id_).number
        if not (as_json or quiet):
            say(f"schema {number}: from now on versions are to be like {id_[:SHORT_ID]}")
    return 1 if found and fatal else 0
