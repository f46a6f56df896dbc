# One page: from uploads to answers, and what is stuck.

locals {
  # How the jobs do, by engine.
  job_charts = local.is_cloud_run ? [
    {
      title   = "Runs that ended, by outcome"
      axis    = "runs"
      filter  = "resource.type=\"cloud_run_job\" resource.labels.job_name=one_of(\"${var.name}-ingest\", \"${var.name}-export\") metric.type=\"run.googleapis.com/job/completed_execution_count\""
      aligner = "ALIGN_DELTA"
      group   = "metric.label.result"
    },
    {
      title   = "The jobs' processors"
      axis    = "vCPU"
      filter  = "resource.type=\"cloud_run_job\" resource.labels.job_name=one_of(\"${var.name}-ingest\", \"${var.name}-export\") metric.type=\"run.googleapis.com/container/cpu/allocation_time\""
      aligner = "ALIGN_RATE"
      group   = "resource.label.job_name"
    },
    ] : [
    {
      title   = "The ingest job's lag"
      axis    = "seconds"
      filter  = "resource.type=\"dataflow_job\" resource.labels.job_name=\"${var.name}-ingest\" metric.type=\"dataflow.googleapis.com/job/system_lag\""
      aligner = "ALIGN_MAX"
      group   = "resource.label.job_name"
    },
    {
      title   = "The jobs' processors"
      axis    = "vCPU"
      filter  = "resource.type=\"dataflow_job\" resource.labels.job_name=one_of(\"${var.name}-ingest\", \"${var.name}-export\") metric.type=\"dataflow.googleapis.com/job/current_num_vcpus\""
      aligner = "ALIGN_MEAN"
      group   = "resource.label.job_name"
    },
  ]
}

resource "google_monitoring_dashboard" "overview" {
  dashboard_json = templatefile("${path.module}/dashboard.json.tftpl", {
    title = var.name
    # Each chart: what it is called, its unit's axis, and the series to be drawn in it.
    charts = [
      {
        title   = "Events that wait, by subscription"
        axis    = "messages"
        filter  = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=one_of(\"${google_pubsub_subscription.uploads.name}\", \"${google_pubsub_subscription.images.name}\") metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        aligner = "ALIGN_MAX"
        group   = "resource.label.subscription_id"
      },
      {
        title   = "Age of the oldest event, by subscription"
        axis    = "seconds"
        filter  = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=one_of(\"${google_pubsub_subscription.uploads.name}\", \"${google_pubsub_subscription.images.name}\") metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        aligner = "ALIGN_MAX"
        group   = "resource.label.subscription_id"
      },
      {
        title   = "Dead letters"
        axis    = "messages"
        filter  = "resource.type=\"pubsub_subscription\" resource.labels.subscription_id=one_of(${join(", ", [for each in google_pubsub_subscription.dead_letters : "\"${each.name}\""])}) metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        aligner = "ALIGN_MAX"
        group   = "resource.label.subscription_id"
      },
      local.job_charts[0],
      local.job_charts[1],
      {
        title   = "Requests to the functions, by outcome"
        axis    = "requests a second"
        filter  = "resource.type=\"cloud_run_revision\" resource.labels.service_name=one_of(${join(", ", [for name in values(local.function_services) : "\"${name}\""])}) metric.type=\"run.googleapis.com/request_count\""
        aligner = "ALIGN_RATE"
        group   = "metric.label.response_code_class"
      },
      {
        title   = "Refused tasks, answers in quarantine"
        axis    = "lines"
        filter  = "resource.type=\"cloud_run_revision\" metric.type=\"logging.googleapis.com/user/${google_logging_metric.labeling_errors.name}\""
        aligner = "ALIGN_DELTA"
        group   = "metric.label.message"
      },
      {
        title   = "Bytes in the buckets"
        axis    = "bytes"
        filter  = "resource.type=\"gcs_bucket\" resource.labels.bucket_name=one_of(${join(", ", [for bucket in values(local.buckets) : "\"${bucket}\""])}) metric.type=\"storage.googleapis.com/storage/v2/total_bytes\""
        aligner = "ALIGN_MEAN"
        group   = "resource.label.bucket_name"
      },
    ]
  })

  depends_on = [google_project_service.enabled]
}
