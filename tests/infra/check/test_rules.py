"""Rules of Google's services, on graphs and policies that break one each."""

import pytest

from infra.check.rules import enabled_too_late, refused_alerts

GRAPH = """
digraph G {
  "google_project_service.enabled" [label="google_project_service.enabled"];
  "data.google_project.this" [label="data.google_project.this"];
  "google_service_account.worker" [label="google_service_account.worker"];
  "google_storage_bucket_iam_member.reads" [label="google_storage_bucket_iam_member.reads"];
  "google_project_iam_custom_role.uploader" [label="google_project_iam_custom_role.uploader"];
  "google_service_account.worker" -> "google_project_service.enabled";
  "google_storage_bucket_iam_member.reads" -> "google_service_account.worker";
%s}
"""
THRESHOLD = {"condition_threshold": [{"comparison": "COMPARISON_GT"}], "condition_absent": []}
PROMQL = {"condition_prometheus_query_language": [{"query": "absent(x)"}], "condition_absent": []}
ABSENT = {"condition_absent": [{"duration": "3600s"}]}
LOG = {"condition_matched_log": [{"filter": "severity>=ERROR"}]}
LIMITED = [{"notification_rate_limit": [{"period": "300s"}]}]


def policy(*conditions, strategy=()):
    values = {"conditions": list(conditions), "alert_strategy": list(strategy)}
    return {"type": "google_monitoring_alert_policy", "address": "policy", "values": values}


def test_what_waits_for_the_apis_by_a_detour_is_early_enough():
    late = list(enabled_too_late(GRAPH % ""))
    assert [each.split()[0] for each in late] == ["google_project_iam_custom_role.uploader"]


def test_everything_that_waits_for_the_apis_passes():
    waits = '  "google_project_iam_custom_role.uploader" -> "google_project_service.enabled";\n'
    assert list(enabled_too_late(GRAPH % waits)) == []


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        pytest.param(policy(PROMQL, THRESHOLD), "has 2 conditions", id="promql-and-another"),
        pytest.param(policy(PROMQL, PROMQL), "has 2 conditions", id="promql-twice"),
        pytest.param(policy(LOG, LOG, strategy=LIMITED), "has 2 conditions", id="log-twice"),
        pytest.param(policy(THRESHOLD, ABSENT), "condition_absent", id="absence"),
        pytest.param(policy(LOG), "notification_rate_limit", id="log-without-limit"),
    ],
)
def test_a_policy_that_is_refused_or_stays_silent_is_named(refused, says):
    [said] = refused_alerts([refused])
    assert said.startswith("policy has")
    assert says in said


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param(policy(PROMQL), id="promql"),
        pytest.param(policy(THRESHOLD, THRESHOLD), id="thresholds"),
        pytest.param(policy(LOG, strategy=LIMITED), id="log"),
    ],
)
def test_a_policy_that_is_taken_passes(taken):
    assert list(refused_alerts([taken])) == []
