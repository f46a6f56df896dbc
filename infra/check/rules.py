"""Rules that Google's services have, and that neither Terraform nor a provider's schema knows.

Each one was broken once, and would have shown only when the code is applied to a real project.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.check.inventory import InventoryError, applied_state, resources
from infra.check.terraform import terraform

ENABLED = "google_project_service.enabled"
# A plan reads these already. docs/deploy.md has their APIs enabled by hand.
READ_BEFORE = frozenset(
    {
        "data.google_bigquery_default_service_account.bigquery",
        "data.google_project.this",
        "data.google_storage_project_service_account.storage",
    }
)
_NODE = re.compile(r'^  "([^"]+)" \[', re.MULTILINE)
_EDGE = re.compile(r'^  "([^"]+)" -> "([^"]+)"', re.MULTILINE)


def broken_rules(folder: Path) -> list[str]:
    """Return a sentence for each rule that the Terraform code in `folder` breaks.

    Raises:
        InventoryError: the code cannot be read or applied.
    """
    drawn = terraform("graph", folder, capture=True)
    if drawn.returncode:
        raise InventoryError(drawn.stderr.strip())
    applied = list(resources(applied_state(folder)))
    return [*enabled_too_late(drawn.stdout), *refused_alerts(applied)]


def enabled_too_late(graph: str) -> Iterator[str]:
    """Find what a first apply may make before the project has its APIs.

    Args:
        graph: what `terraform graph` prints: an arrow from each resource to what it waits for.
    """
    waits_for: dict[str, set[str]] = {}
    for resource, other in _EDGE.findall(graph):
        waits_for.setdefault(resource, set()).add(other)
    for resource in sorted(set(_NODE.findall(graph)) - READ_BEFORE - {ENABLED}):
        if ENABLED not in _all_that(resource, waits_for):
            yield (
                f"{resource} does not wait for {ENABLED}: in an empty project it races the "
                f"enabling of its API; give it depends_on = [{ENABLED}]"
            )


def _all_that(resource: str, waits_for: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [resource]
    while left:
        new = waits_for.get(left.pop(), set()) - found
        found |= new
        left.extend(new)
    return found


def refused_alerts(applied: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Find alert policies that are refused, or stay silent about what never worked.

    Args:
        applied: the resources of a state, as Terraform prints them in JSON.
    """
    for policy in applied:
        if policy["type"] != "google_monitoring_alert_policy":
            continue
        address, conditions = policy["address"], policy["values"]["conditions"]
        kinds = {
            kind
            for condition in conditions
            for kind, block in condition.items()
            if kind.startswith("condition_") and block
        }
        for kind in sorted(
            kinds & {"condition_prometheus_query_language", "condition_matched_log"}
        ):
            if len(conditions) != 1:
                yield (
                    f"{address} has {len(conditions)} conditions, and one is {kind}: a policy with "
                    "such a condition has exactly one"
                )
        if "condition_absent" in kinds:
            yield (
                f"{address} has a condition_absent, which waits until the metric was seen once, so "
                "that what never worked stays silent; use PromQL's absent() in a policy of its own"
            )
        if "condition_matched_log" in kinds and not _has_rate_limit(policy["values"]):
            yield (
                f"{address} has a condition_matched_log and no "
                "alert_strategy.notification_rate_limit, without which it is refused"
            )


def _has_rate_limit(policy: Mapping[str, Any]) -> bool:
    return any(strategy["notification_rate_limit"] for strategy in policy["alert_strategy"] or [])
