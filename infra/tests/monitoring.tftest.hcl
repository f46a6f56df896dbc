# What is watched, and who is told.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id        = "team-videos"
  alert_email       = "team@example.com"
  alert_thresholds  = { oldest_unacked_minutes = 10 }
  billing_account   = "012345-6789AB-CDEF01"
  budget_amount     = 300
  deploy_functions  = true
  functions_archive = "schemas/tables.json"
  labeling_options  = { LABEL_STUDIO_URL = "https://labels.example.com", LABELING_ANSWER_DEADLINE_HOURS = "48" }
}

run "alerts_look_at_what_there_is" {
  assert {
    condition = alltrue([
      for kind in ["exports", "images", "uploads"] :
      strcontains(google_monitoring_alert_policy.dead_letters.conditions[0].condition_threshold[0].filter, "\"vidset-${kind}-dead-letters\"")
      && google_pubsub_subscription.dead_letters[kind].name == "vidset-${kind}-dead-letters"
    ])
    error_message = "Every kind of dead letters is watched."
  }

  assert {
    condition     = google_monitoring_alert_policy.dead_letters.conditions[0].condition_threshold[0].threshold_value == 0
    error_message = "One dead letter is enough."
  }

  assert {
    condition = toset([
      for condition in google_monitoring_alert_policy.oldest_unacked.conditions :
      regex("subscription_id = \"([^\"]+)\"", condition.condition_threshold[0].filter)[0]
    ]) == toset([google_pubsub_subscription.uploads.name, google_pubsub_subscription.images.name])
    error_message = "Both subscriptions are watched."
  }

  assert {
    condition     = alltrue([for condition in google_monitoring_alert_policy.oldest_unacked.conditions : condition.condition_threshold[0].threshold_value == 600])
    error_message = "Ten minutes are 600 seconds."
  }

  assert {
    condition     = alltrue([for condition in google_monitoring_alert_policy.job_lag[0].conditions : strcontains(condition.condition_threshold[0].filter, "\"vidset-ingest\"")])
    error_message = "The lag is the ingest job's."
  }

  assert {
    condition = toset(values(local.function_services)) == toset(concat(
      google_cloudfunctions2_function.request_labeling[*].name,
      google_cloudfunctions2_function.receive_annotation[*].name,
      values(google_cloudfunctions2_function.reconcile)[*].name,
    ))
    error_message = "The functions that are watched are those that are deployed."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.unanswered_tasks[0].conditions[0].condition_prometheus_query_language[0].query, "logging_googleapis_com:user_vidset_unanswered_tasks_sum{monitored_resource=\"cloud_run_revision\"}[48h])) > 100")
    error_message = "Tasks without an answer are summed over the deadline."
  }
}

run "a_reconcile_that_never_worked_is_told" {
  assert {
    condition     = google_monitoring_alert_policy.reconcile_silent[0].conditions[0].condition_prometheus_query_language[0].query == "absent(sum(increase(logging_googleapis_com:user_vidset_reconciliations{monitored_resource=\"cloud_run_revision\"}[30m])) > 0)"
    error_message = "Silence must be told even if the metric was never seen."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.timers.conditions[0].condition_matched_log[0].filter, "resource.labels.job_id=~\"^vidset-\"") && startswith(google_cloud_scheduler_job.reconcile["reconcile"].name, "vidset-")
    error_message = "The timers that are watched are those that there are."
  }
}

run "somebody_is_told" {
  assert {
    condition     = google_monitoring_notification_channel.email[0].labels["email_address"] == "team@example.com"
    error_message = "Mail goes to the address."
  }

  assert {
    condition = alltrue([
      for policy in concat(
        [
          google_monitoring_alert_policy.dead_letters, google_monitoring_alert_policy.job_failed,
          google_monitoring_alert_policy.oldest_unacked, google_monitoring_alert_policy.timers,
        ],
        google_monitoring_alert_policy.job_lag,
        google_monitoring_alert_policy.function_errors,
        google_monitoring_alert_policy.reconcile_silent,
        google_monitoring_alert_policy.unanswered_tasks,
      ) : policy.notification_channels == tolist([google_monitoring_notification_channel.email[0].id])
    ])
    error_message = "Every alert is told."
  }

  assert {
    condition = (
      google_billing_budget.month[0].amount[0].specified_amount[0].units == "300"
      && google_billing_budget.month[0].all_updates_rule[0].monitoring_notification_channels == tolist([google_monitoring_notification_channel.email[0].id])
      && google_billing_budget.month[0].budget_filter[0].projects == toset(["projects/${data.google_project.this.number}"])
    )
    error_message = "The budget is this project's, and told."
  }
}

run "the_dashboard_is_json" {
  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.overview.dashboard_json).mosaicLayout.tiles) == 8
    error_message = "Eight charts."
  }

  assert {
    condition     = length(distinct([for tile in jsondecode(google_monitoring_dashboard.overview.dashboard_json).mosaicLayout.tiles : "${tile.xPos} ${tile.yPos}"])) == 8
    error_message = "No chart lies upon another."
  }
}
