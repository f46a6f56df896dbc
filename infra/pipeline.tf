# The loop of docs/data-centric.md on a schedule, with `pipeline_schedule`; without it, nothing here is made.
#
#   timer -> Cloud Run job: `vidset pipeline --submit` -> Vertex AI, whose steps are the trainer's account
#
# A job that submits, rather than a timer that posts the definition: it starts nothing while an earlier run goes on,
# and the image that says what the steps are is the one that they run in. The provider (6.50) has no schedule of Vertex
# AI's pipelines.

locals {
  has_pipeline = var.pipeline_schedule != null

  # A parameter that the team gives takes the place of ours.
  pipeline_parameters = merge(
    { place = "gs://${google_storage_bucket.datasets.name}" },
    contains(var.pipeline_options, "--create") ? { source = local.ledger } : {},
    var.pipeline_parameters,
  )

  pipeline_arguments = concat(
    [
      "pipeline",
      "--output=/tmp/loop.yaml",
      "--image=${coalesce(var.pipeline_image, "none")}",
      "--submit=vertex:${var.project_id}/${var.region}",
      "--root=gs://${google_storage_bucket.datasets.name}/pipelines",
      "--service-account=${google_service_account.trainer.email}",
      "--unless-running",
    ],
    [for name, value in local.labels : "--run-label=${name}=${value}"],
    [for key in var.kms_key[*] : "--kms-key=${key}"],
    var.pipeline_options,
    [for name, value in local.pipeline_parameters : "--set=${name}=${value}"],
  )
}

resource "google_cloud_run_v2_job" "pipeline" {
  count = local.has_pipeline ? 1 : 0

  name                = "${var.name}-pipeline"
  location            = var.region
  deletion_protection = false

  template {
    labels     = local.labels
    task_count = 1

    template {
      service_account = google_service_account.pipeline[0].email
      encryption_key  = var.kms_key
      timeout         = "900s"
      # Whether a request that was cut off has started a run, the next try finds out.
      max_retries = 2

      containers {
        image = var.pipeline_image
        args  = local.pipeline_arguments

        resources {
          limits = {
            cpu    = "1"
            memory = "2Gi"
          }
        }
      }

      # As the other jobs: it reaches Google's APIs, and nothing else.
      vpc_access {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = google_compute_network.workers.name
          subnetwork = google_compute_subnetwork.workers.name
        }
      }
    }
  }

  depends_on = [
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.pipeline_starts_runs,
    google_project_iam_member.trainer_runs_steps,
    google_service_account_iam_member.pipeline_acts_as_trainer,
  ]
}

resource "google_service_account" "pipeline" {
  count = local.has_pipeline ? 1 : 0

  account_id   = "${var.name}-pipeline"
  display_name = "Starts runs of the pipeline"
  depends_on   = [google_project_service.enabled]
}

resource "google_project_iam_custom_role" "pipeline_starter" {
  count = local.has_pipeline ? 1 : 0

  role_id     = "${replace(var.name, "-", "_")}_pipeline_starter"
  title       = "Starter of ${var.name}'s pipeline"
  description = "Starts runs of Vertex AI Pipelines, and sees whether one goes on."
  permissions = ["aiplatform.pipelineJobs.create", "aiplatform.pipelineJobs.list"]
  depends_on  = [google_project_service.enabled]
}

resource "google_project_iam_member" "pipeline_starts_runs" {
  count = local.has_pipeline ? 1 : 0

  project = var.project_id
  role    = google_project_iam_custom_role.pipeline_starter[0].name
  member  = google_service_account.pipeline[0].member
}

# The steps are the trainer's: it reads images and the warehouse, and writes versions (trainer.tf).
resource "google_service_account_iam_member" "pipeline_acts_as_trainer" {
  count = local.has_pipeline ? 1 : 0

  service_account_id = google_service_account.trainer.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.pipeline[0].member
}

# What Google's page asks of the account of a pipeline: its steps are jobs, and its artifacts are metadata.
resource "google_project_iam_member" "trainer_runs_steps" {
  count = local.has_pipeline ? 1 : 0

  project = var.project_id
  role    = "roles/aiplatform.user"
  member  = google_service_account.trainer.member
}

resource "google_service_account" "pipeline_timer" {
  count = local.has_pipeline ? 1 : 0

  account_id   = "${var.name}-pipeline-timer"
  display_name = "Calls the job that starts the pipeline"
  depends_on   = [google_project_service.enabled]
}

resource "google_cloud_run_v2_job_iam_member" "timer_starts_pipeline" {
  count = local.has_pipeline ? 1 : 0

  name     = google_cloud_run_v2_job.pipeline[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.pipeline_timer[0].member
}

resource "google_cloud_scheduler_job" "pipeline" {
  count = local.has_pipeline ? 1 : 0

  name        = "${var.name}-pipeline"
  description = "Starts a run of the pipeline, unless one goes on."
  region      = var.region
  schedule    = var.pipeline_schedule
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri         = "${local.run_uri}/${google_cloud_run_v2_job.pipeline[0].name}:run"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oauth_token {
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
      service_account_email = google_service_account.pipeline_timer[0].email
    }
  }

  # The next time does as well.
  retry_config {
    retry_count = 0
  }

  depends_on = [google_cloud_run_v2_job_iam_member.timer_starts_pipeline]
}
