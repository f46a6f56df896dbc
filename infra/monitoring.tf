# What somebody has to look at, and whom it is told. dashboard.tf shows it.

locals {
  channels = google_monitoring_notification_channel.email[*].id

  answer_deadline_hours = tonumber(lookup(var.labeling_options, "LABELING_ANSWER_DEADLINE_HOURS", "24"))

  # An event waits until the next run, an hour at most by default, and until its video is done.
  oldest_unacked_minutes = coalesce(var.alert_thresholds.oldest_unacked_minutes, local.is_cloud_run ? 150 : 60)

  # By job, whether it runs on Cloud Run.
  watched_jobs = merge(
    { for job in ["export", "ingest"] : job => local.is_cloud_run },
    local.has_gate ? { blur = true } : {},
    local.has_pipeline ? { pipeline = true } : {},
  )

  failed_jobs = {
    for job, is_cloud_run in local.watched_jobs : job => join(" AND ", is_cloud_run ? [
      "resource.type = \"cloud_run_job\"",
      "resource.labels.job_name = \"${var.name}-${job}\"",
      "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
      "metric.labels.result = \"failed\"",
      ] : [
      "resource.type = \"dataflow_job\"",
      "resource.labels.job_name = \"${var.name}-${job}\"",
      "metric.type = \"dataflow.googleapis.com/job/is_failed\"",
    ])
  }

  # How PromQL writes the names of log-based metrics: a counter, and the sum of a distribution.
  reconciled_count = "logging_googleapis_com:user_${replace(google_logging_metric.reconciliations.name, "/[^A-Za-z0-9]/", "_")}"
  unanswered_sum   = "logging_googleapis_com:user_${replace(google_logging_metric.unanswered_tasks.name, "/[^A-Za-z0-9]/", "_")}_sum"
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == null ? 0 : 1

  display_name = "${var.name} alerts"
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [google_project_service.enabled]
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "${var.name}: dead letters"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "WARNING"

  conditions {
    display_name = "There are dead letters"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = one_of(${join(", ", [for each in google_pubsub_subscription.dead_letters : "\"${each.name}\""])})",
        "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Something could not be used. `gcloud pubsub subscriptions pull SUBSCRIPTION --limit=10` shows what and, in `dead_letter_reason`, why; `--auto-ack` takes it away. Of exports, the files are in `gs://${google_storage_bucket.staging.name}/dead_letters`."
  }
}

resource "google_monitoring_alert_policy" "oldest_unacked" {
  display_name          = "${var.name}: events are not taken"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "ERROR"

  dynamic "conditions" {
    for_each = {
      "The ingest job does not take uploads"  = google_pubsub_subscription.uploads.name
      "request_labeling does not take images" = google_pubsub_subscription.images.name
    }

    content {
      display_name = conditions.key

      condition_threshold {
        filter = join(" AND ", [
          "resource.type = \"pubsub_subscription\"",
          "resource.labels.subscription_id = \"${conditions.value}\"",
          "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"",
        ])
        comparison      = "COMPARISON_GT"
        threshold_value = local.oldest_unacked_minutes * 60
        duration        = "300s"

        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Is the job running, is the function deployed, does the vendor answer? Nothing is lost for a month."
  }
}

# On Cloud Run, the oldest event says the same.
resource "google_monitoring_alert_policy" "job_lag" {
  count = local.is_cloud_run ? 0 : 1

  display_name          = "${var.name}: the ingest job lags"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "WARNING"

  dynamic "conditions" {
    for_each = {
      "System lag"     = "dataflow.googleapis.com/job/system_lag"
      "Data freshness" = "dataflow.googleapis.com/job/data_watermark_age"
    }

    content {
      display_name = conditions.key

      condition_threshold {
        filter = join(" AND ", [
          "resource.type = \"dataflow_job\"",
          "resource.labels.job_name = \"${var.name}-ingest\"",
          "metric.type = \"${conditions.value}\"",
        ])
        comparison      = "COMPARISON_GT"
        threshold_value = var.alert_thresholds.job_lag_minutes * 60
        duration        = "600s"

        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Long videos take minutes. Else see the job's errors; `ingest_max_workers` is ${var.ingest_max_workers}."
  }
}

resource "google_monitoring_alert_policy" "job_failed" {
  display_name          = "${var.name}: a job has failed"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "CRITICAL"

  dynamic "conditions" {
    for_each = local.failed_jobs

    content {
      display_name = "The ${conditions.key} job has failed"

      condition_threshold {
        filter          = conditions.value
        comparison      = "COMPARISON_GT"
        threshold_value = 0
        duration        = "0s"

        aggregations {
          alignment_period   = "60s"
          per_series_aligner = local.watched_jobs[conditions.key] ? "ALIGN_DELTA" : "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content = join(" ", compact([
      "An export that failed is made up for by the next.",
      local.has_gate ? "So is a run that blurs: until then, images wait for their copies." : "",
      local.has_pipeline ? "So is a pipeline that could not be started; a run that Vertex AI has taken is not watched here." : "",
      local.is_cloud_run ? "So is a run of the ingest job: its events come again. `gcloud run jobs executions list --region=${var.region}` names the run, whose log says why." : "The ingest job starts again with `terraform apply`; its events wait.",
    ]))
  }
}

# After the functions, not with the first apply: a log-based metric cannot be alerted on for up to ten
# minutes after it was made.
resource "google_monitoring_alert_policy" "function_errors" {
  count = var.deploy_functions ? 1 : 0

  display_name          = "${var.name}: function errors"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "ERROR"

  # 503 says "deliver again": that is how request_labeling waits for a vendor. What waits too long is
  # found by the oldest unacked message, and a reconcile that never ends by its silence.
  conditions {
    display_name = "Requests that failed"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_revision\"",
        "resource.labels.service_name = one_of(${join(", ", [for name in values(local.function_services) : "\"${name}\""])})",
        "metric.type = \"run.googleapis.com/request_count\"",
        "metric.labels.response_code_class = \"5xx\"",
        "metric.labels.response_code != \"503\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = var.alert_thresholds.function_errors
      duration        = "0s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  conditions {
    display_name = "Refused tasks and answers in quarantine"

    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_revision\"",
        "metric.type = \"logging.googleapis.com/user/${google_logging_metric.labeling_errors.name}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = var.alert_thresholds.function_errors
      duration        = "0s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.labels.message"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The functions' logs say what and why. `vidset label quarantine` lists the answers, `vidset label dispatch --retry failed` tries refused tasks again."
  }
}

resource "google_monitoring_alert_policy" "unanswered_tasks" {
  count = var.deploy_functions ? 1 : 0

  display_name          = "${var.name}: unanswered tasks"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "WARNING"

  conditions {
    display_name = "Tasks without an answer after ${local.answer_deadline_hours} hours"

    condition_prometheus_query_language {
      query                     = "sum(increase(${local.unanswered_sum}{monitored_resource=\"cloud_run_revision\"}[${max(1, floor(local.answer_deadline_hours))}h])) > ${var.alert_thresholds.unanswered_tasks}"
      duration                  = "0s"
      evaluation_interval       = "900s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "`vidset label status` tells what waits longest. Is the vendor working on the project, is its webhook right?"
  }
}

# A policy of its own: Cloud Monitoring takes one condition where there is PromQL. An absence condition
# (`condition_absent`) would not do, for it waits until the metric was seen once: a first deployment that
# never works would stay silent.
resource "google_monitoring_alert_policy" "reconcile_silent" {
  count = var.deploy_functions ? 1 : 0

  display_name          = "${var.name}: reconcile does not come to an end"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "ERROR"

  conditions {
    display_name = "No reconcile has come to its end for an hour"

    # Half an hour without a run that ended, for half an hour: the first runs after a deployment have time.
    condition_prometheus_query_language {
      query                     = "absent(sum(increase(${local.reconciled_count}{monitored_resource=\"cloud_run_revision\"}[30m])) > 0)"
      duration                  = "1800s"
      evaluation_interval       = "300s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Whoever does not ask hears of no missing answer. The logs of `${local.function_services.reconcile}` say why it ends early; if there are none, see whether its timer runs: `gcloud scheduler jobs describe ${local.function_services.reconcile} --location=${var.region}`."
  }

  depends_on = [google_cloud_scheduler_job.reconcile]
}

# A timer whose call is refused starts nothing, so that nothing is there to fail or to be counted.
resource "google_monitoring_alert_policy" "timers" {
  display_name          = "${var.name}: a timer's call failed"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "ERROR"

  conditions {
    display_name = "Cloud Scheduler was refused"

    condition_matched_log {
      filter = join(" AND ", [
        "resource.type=\"cloud_scheduler_job\"",
        "resource.labels.job_id=~\"^${var.name}-\"",
        "severity>=ERROR",
      ])
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The export, reconcile, the pipeline or what blurs was not started, or did not answer. `gcloud scheduler jobs list --location=${var.region}` shows each timer's last attempt, the log entry the status: PERMISSION_DENIED is a missing grant, NOT_FOUND a template or function that is not there."
  }

  depends_on = [google_project_service.enabled]
}
