# The same two jobs with ingest_engine = "cloud_run": timers start them, they take what waits, and end. In between
# nothing runs, and nothing costs.
#
#   timer -> ingest job: `vidset watch --until-idle` on the subscription that the Dataflow job would read; its one
#            task starts as many more as the messages that wait keep busy
#   timer -> export job: `vidset sync`

locals {
  is_cloud_run = var.ingest_engine == "cloud_run"

  ingest_job = "${var.name}-ingest"

  # What the options of the Dataflow job are called by `vidset watch`, where it is not the same.
  watch_names = {
    similarity_threshold = "similarity"
    uploads_prefix       = "prefix"
    video_stream         = "stream"
  }

  # A task's files are in its memory: videos are read in ranges. Two videos of 1,600 MB fit 4 GiB.
  watch_options = merge({ scratch_bytes = "0", video_memory = "1600" }, var.ingest_options)

  cloud_run_jobs = {
    export = {
      account = google_service_account.export.email
      cpu     = "1"
      memory  = "2Gi"
      args = [
        "sync",
        "--store=${local.export_parameters.store}",
        "--warehouse=${local.export_parameters.warehouse}",
        "--staging=${local.export_parameters.staging}",
        "--dead-letters=${local.export_parameters.dead_letters}",
        "--exit-zero",
      ]
    }
    ingest = {
      account = google_service_account.ingest.email
      cpu     = "2"
      memory  = "4Gi"
      args = concat(
        [
          "watch",
          "pubsub:${google_pubsub_subscription.uploads.id}",
          "--bucket=${google_storage_bucket.uploads.name}",
          "--images=gs://${google_storage_bucket.images.name}",
          "--ledger=${local.ledger}",
          "--dead-letters=pubsub:${google_pubsub_topic.dead_letters["uploads"].id}",
          "--workers=2",
          "--until-idle=30",
          "--job=projects/${var.project_id}/locations/${var.region}/jobs/${local.ingest_job}",
          "--most-tasks=${var.ingest_max_workers}",
          # A video that is given up is a dead letter, which has its own alert: the run has not failed.
          "--exit-zero",
        ],
        [for name, value in local.watch_options : "--${replace(lookup(local.watch_names, name, name), "_", "-")}=${value}"],
      )
    }
  }

  run_uri = "https://run.googleapis.com/v2/projects/${var.project_id}/locations/${var.region}/jobs"
}

resource "google_cloud_run_v2_job" "jobs" {
  for_each = var.deploy_jobs && local.is_cloud_run ? local.cloud_run_jobs : {}

  name                = "${var.name}-${each.key}"
  location            = var.region
  deletion_protection = false

  template {
    labels = local.labels
    # The ingest task starts a run with more of them; how many run side by side is not limited.
    task_count = 1

    template {
      service_account = each.value.account
      encryption_key  = var.kms_key
      timeout         = "86400s"
      # The next run goes on; what a task had taken comes again.
      max_retries = 0

      containers {
        image = var.cloud_run_image
        args  = each.value.args

        resources {
          limits = {
            cpu    = each.value.cpu
            memory = each.value.memory
          }
        }
      }

      # As Dataflow's workers: they reach Google's APIs, and nothing else.
      vpc_access {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = google_compute_network.workers.name
          subnetwork = google_compute_subnetwork.workers.name
        }
      }
    }
  }

  # What a job may do is taken from it only once it is gone.
  depends_on = [
    google_bigquery_dataset_iam_member.writes,
    google_bigquery_table.tables,
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.documents,
    google_project_iam_member.queries,
    google_pubsub_subscription_iam_member.ingest_consumes_uploads,
    google_pubsub_topic_iam_member.ingest_publishes_dead_letters,
    google_pubsub_topic_iam_member.ingest_sees_dead_letters,
    google_storage_bucket_iam_member.ingest_reads_uploads,
    google_storage_bucket_iam_member.ingest_writes_images,
    google_storage_bucket_iam_member.jobs_use_staging,
  ]
}

resource "google_service_account" "ingest_timer" {
  count = local.is_cloud_run ? 1 : 0

  account_id   = "${var.name}-ingest-timer"
  display_name = "Starts the ingest job"
  depends_on   = [google_project_service.enabled]
}

resource "google_cloud_run_v2_job_iam_member" "timers_run" {
  for_each = google_cloud_run_v2_job.jobs

  name     = each.value.name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.key == "ingest" ? google_service_account.ingest_timer[0].member : google_service_account.export_timer.member
}

# Its first task asks how many messages wait, and starts a run of helpers: that is a run with another number of tasks.
resource "google_project_iam_custom_role" "helper_starter" {
  count = local.is_cloud_run ? 1 : 0

  role_id     = "${replace(var.name, "-", "_")}_helper_starter"
  title       = "Starter of ${var.name}'s helpers"
  description = "Runs a job with another number of tasks."
  permissions = ["run.jobs.run", "run.jobs.runWithOverrides"]
  depends_on  = [google_project_service.enabled]
}

resource "google_cloud_run_v2_job_iam_member" "ingest_starts_helpers" {
  count = var.deploy_jobs && local.is_cloud_run ? 1 : 0

  name     = google_cloud_run_v2_job.jobs["ingest"].name
  location = var.region
  role     = google_project_iam_custom_role.helper_starter[0].name
  member   = google_service_account.ingest.member
}

resource "google_project_iam_custom_role" "queue_reader" {
  count = local.is_cloud_run ? 1 : 0

  role_id     = "${replace(var.name, "-", "_")}_queue_reader"
  title       = "Reader of the length of ${var.name}'s queue"
  description = "Reads the points of metrics."
  permissions = ["monitoring.timeSeries.list"]
  depends_on  = [google_project_service.enabled]
}

resource "google_project_iam_member" "ingest_reads_queue" {
  count = local.is_cloud_run ? 1 : 0

  project = var.project_id
  role    = google_project_iam_custom_role.queue_reader[0].name
  member  = google_service_account.ingest.member
}

resource "google_cloud_scheduler_job" "ingest" {
  count = var.deploy_jobs && local.is_cloud_run ? 1 : 0

  name        = "${var.name}-ingest"
  description = "Takes the uploads that wait."
  region      = var.region
  schedule    = var.ingest_schedule
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri         = "${local.run_uri}/${google_cloud_run_v2_job.jobs["ingest"].name}:run"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oauth_token {
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
      service_account_email = google_service_account.ingest_timer[0].email
    }
  }

  # The next time does as well.
  retry_config {
    retry_count = 0
  }

  depends_on = [google_cloud_run_v2_job_iam_member.timers_run]
}
