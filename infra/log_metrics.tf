# Numbers from the lines that the functions write (docs/labeling.md, "When things break").

locals {
  # Cloud Run's name of a function, whether it is deployed yet or not.
  function_services = {
    receive          = "${var.name}-receive-annotation"
    reconcile        = "${var.name}-reconcile"
    reconcile-ledger = "${var.name}-reconcile-ledger"
    request          = "${var.name}-request-labeling"
  }

  function_logs = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=(${join(" OR ", [for name in values(local.function_services) : "\"${name}\""])})",
  ])
}

# Refused tasks and answers in quarantine. Requests that failed are counted by Cloud Run itself.
resource "google_logging_metric" "labeling_errors" {
  name        = "${var.name}/labeling_errors"
  description = "Tasks that the vendor refused, and answers that went to the quarantine."
  filter      = "${local.function_logs} AND severity>=ERROR AND jsonPayload.message:*"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key = "message"
    }
  }

  label_extractors = {
    message = "EXTRACT(jsonPayload.message)"
  }

  depends_on = [google_project_service.enabled]
}

resource "google_logging_metric" "reconciliations" {
  name        = "${var.name}/reconciliations"
  description = "Runs of reconcile in which every step came to its end."
  filter      = "${local.function_logs} AND jsonPayload.message=\"reconciled\" AND severity=INFO"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.enabled]
}

# A task whose answer is overdue is asked for once in each LABELING_ANSWER_DEADLINE_HOURS; `waiting` counts those
# that had none. So what adds up in that time is the number of tasks without an answer.
resource "google_logging_metric" "unanswered_tasks" {
  name            = "${var.name}/unanswered_tasks"
  description     = "Overdue tasks that the vendor, when asked, had no answer to."
  filter          = "${local.function_logs} AND jsonPayload.message=\"reconciled\" AND jsonPayload.unanswered.waiting>0"
  value_extractor = "EXTRACT(jsonPayload.unanswered.waiting)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }

  bucket_options {
    exponential_buckets {
      growth_factor      = 2
      num_finite_buckets = 16
      scale              = 1
    }
  }

  depends_on = [google_project_service.enabled]
}
