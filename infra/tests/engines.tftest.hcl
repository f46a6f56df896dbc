# What runs the jobs: the same subscription, buckets, tables, rights and alerts, whichever it is.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id         = "team-videos"
  cloud_run_image    = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/cloud-run@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  deploy_jobs        = true
  ingest_engine      = "cloud_run"
  ingest_max_workers = 3
  ingest_options     = { every = "0.5", similarity_threshold = "0.8", uploads_prefix = "cam1/", video_stream = "all" }
  kms_key            = "projects/team-videos/locations/europe-west1/keyRings/ring/cryptoKeys/key"
  labels             = { team = "perception" }
  worker_image       = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "cloud_run" {
  assert {
    condition     = length(google_dataflow_flex_template_job.ingest) == 0 && toset(keys(google_cloud_run_v2_job.jobs)) == toset(["export", "ingest"])
    error_message = "One engine runs the jobs."
  }

  assert {
    condition = slice(google_cloud_run_v2_job.jobs["ingest"].template[0].template[0].containers[0].args, 0, 11) == tolist([
      "watch",
      "pubsub:${google_pubsub_subscription.uploads.id}",
      "--bucket=${google_storage_bucket.uploads.name}",
      "--images=gs://${google_storage_bucket.images.name}",
      "--ledger=bq://team-videos.vidset",
      "--dead-letters=pubsub:${google_pubsub_topic.dead_letters["uploads"].id}",
      "--workers=2",
      "--until-idle=30",
      "--job=projects/team-videos/locations/europe-west1/jobs/vidset-ingest",
      "--most-tasks=3",
      "--exit-zero",
    ])
    error_message = "The job reads the subscription that Dataflow would read, and writes where it would."
  }

  assert {
    condition = toset(slice(
      google_cloud_run_v2_job.jobs["ingest"].template[0].template[0].containers[0].args, 11,
      length(google_cloud_run_v2_job.jobs["ingest"].template[0].template[0].containers[0].args),
      )) == toset([
      "--every=0.5", "--similarity=0.8", "--prefix=cam1/", "--stream=all", "--scratch-bytes=0", "--video-memory=1600",
    ])
    error_message = "The job's options must reach it, as its command calls them."
  }

  assert {
    condition = (
      alltrue([for job in google_cloud_run_v2_job.jobs : job.template[0].task_count == 1])
      && google_cloud_run_v2_job_iam_member.ingest_starts_helpers[0].name == "vidset-ingest"
      && google_cloud_run_v2_job_iam_member.ingest_starts_helpers[0].member == google_service_account.ingest.member
      && google_project_iam_custom_role.helper_starter[0].permissions == toset(["run.jobs.run", "run.jobs.runWithOverrides"])
      && google_project_iam_custom_role.queue_reader[0].permissions == toset(["monitoring.timeSeries.list"])
    )
    error_message = "A run begins with one task, which may start more of its own job if the queue is long."
  }

  assert {
    condition = alltrue([
      for name, job in google_cloud_run_v2_job.jobs :
      job.template[0].template[0].service_account == { export = google_service_account.export.email, ingest = google_service_account.ingest.email }[name]
      && job.template[0].template[0].max_retries == 0
      && job.template[0].template[0].encryption_key == var.kms_key
      && job.template[0].template[0].containers[0].image == var.cloud_run_image
      && job.template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC"
      && job.template[0].template[0].vpc_access[0].network_interfaces[0].subnetwork == google_compute_subnetwork.workers.name
      && job.template[0].labels == tomap({ application = "vidset", team = "perception" })
    ])
    error_message = "The jobs are the accounts that Dataflow's workers would be, and reach Google's APIs alone."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.ingest[0].http_target[0].uri == "https://run.googleapis.com/v2/projects/team-videos/locations/europe-west1/jobs/vidset-ingest:run"
      && google_cloud_scheduler_job.export[0].http_target[0].uri == "https://run.googleapis.com/v2/projects/team-videos/locations/europe-west1/jobs/vidset-export:run"
      && alltrue([
        for timer in [google_cloud_scheduler_job.ingest[0], google_cloud_scheduler_job.export[0]] :
        timer.http_target[0].http_method == "POST" && base64decode(timer.http_target[0].body) == "{}" && timer.retry_config[0].retry_count == 0
      ])
    )
    error_message = "Each timer starts its job."
  }

  assert {
    condition = {
      for name, grant in google_cloud_run_v2_job_iam_member.timers_run : name => [grant.name, grant.role, grant.member]
      } == {
      export = [google_cloud_run_v2_job.jobs["export"].name, "roles/run.invoker", google_service_account.export_timer.member]
      ingest = [google_cloud_run_v2_job.jobs["ingest"].name, "roles/run.invoker", google_service_account.ingest_timer[0].member]
    }
    error_message = "A timer may start its own job."
  }

  assert {
    condition = toset([for condition in google_monitoring_alert_policy.job_failed.conditions : condition.condition_threshold[0].filter]) == toset([
      for job in ["export", "ingest"] :
      "resource.type = \"cloud_run_job\" AND resource.labels.job_name = \"vidset-${job}\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
    ])
    error_message = "A run that failed is told."
  }

  assert {
    condition = (
      length(google_monitoring_alert_policy.job_lag) == 0
      && alltrue([for condition in google_monitoring_alert_policy.oldest_unacked.conditions : condition.condition_threshold[0].threshold_value == 150 * 60])
    )
    error_message = "An event may wait for the timer, and no longer."
  }

  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.overview.dashboard_json).mosaicLayout.tiles) == 8 && strcontains(google_monitoring_dashboard.overview.dashboard_json, "cloud_run_job") && !strcontains(google_monitoring_dashboard.overview.dashboard_json, "dataflow_job")
    error_message = "The dashboard shows the jobs that there are."
  }

  assert {
    condition     = output.export_command != null && output.ingest_command != null
    error_message = "Both can be started by hand."
  }
}

run "back_to_dataflow" {
  variables {
    ingest_engine = "dataflow"
  }

  assert {
    condition     = length(google_dataflow_flex_template_job.ingest) == 1 && length(google_cloud_run_v2_job.jobs) == 0 && length(google_cloud_scheduler_job.ingest) == 0
    error_message = "One engine runs the jobs."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].parameters["input_subscription"] == google_pubsub_subscription.uploads.id
    error_message = "The stream goes on with the same subscription."
  }

  assert {
    condition     = alltrue([for condition in google_monitoring_alert_policy.oldest_unacked.conditions : condition.condition_threshold[0].threshold_value == 60 * 60]) && length(google_monitoring_alert_policy.job_lag) == 1
    error_message = "A stream takes events at once."
  }

  assert {
    condition     = output.export_command != null && output.ingest_command == null
    error_message = "A stream is not started by hand."
  }
}
