# The export job: from annotation and task documents to BigQuery, started by a timer. It is a Dataflow batch, of which
# a second is refused while one runs, or the job of cloud_run.tf, of which two may: what is read twice changes no row.

locals {
  template_folder = "gs://${local.buckets.releases}/templates"

  # The image's digest is in a template's name: what launches a job and what runs it are of one version, and a
  # new version is a change that Terraform sees.
  template_uris = {
    for job in ["export", "ingest"] :
    job => var.worker_image == null ? null : "${local.template_folder}/${split("@sha256:", var.worker_image)[1]}/${job}.json"
  }

  export_parameters = {
    dead_letters = "gs://${google_storage_bucket.staging.name}/dead_letters"
    staging      = "gs://${google_storage_bucket.staging.name}/export/rows"
    store        = local.labeling_store
    warehouse    = local.ledger
  }

  export_launch = {
    launchParameter = {
      jobName              = "${var.name}-export"
      containerSpecGcsPath = local.template_uris.export
      parameters           = local.export_parameters
      environment = merge(
        {
          ipConfiguration     = "WORKER_IP_PRIVATE"
          machineType         = "e2-standard-2"
          maxWorkers          = var.export_max_workers
          network             = google_compute_network.workers.name
          sdkContainerImage   = var.worker_image
          serviceAccountEmail = google_service_account.export.email
          stagingLocation     = "gs://${google_storage_bucket.staging.name}/export/dataflow"
          subnetwork          = "regions/${var.region}/subnetworks/${google_compute_subnetwork.workers.name}"
          tempLocation        = "gs://${google_storage_bucket.staging.name}/export/temp"
        },
        var.kms_key == null ? {} : { kmsKeyName = var.kms_key },
      )
    }
  }
}

resource "google_service_account" "export" {
  account_id   = "${var.name}-export"
  display_name = "Workers of the export job"
  depends_on   = [google_project_service.enabled]
}

resource "google_service_account" "export_timer" {
  account_id   = "${var.name}-export-timer"
  display_name = "Starts the export job"
  depends_on   = [google_project_service.enabled]
}

# To start a Dataflow job, as the account that its workers are.
resource "google_project_iam_member" "export_timer_starts_jobs" {
  #checkov:skip=CKV_GCP_49:A job runs as an account that its starter may act as, which is that of the export alone
  count = local.is_cloud_run ? 0 : 1

  project = var.project_id
  role    = "roles/dataflow.developer"
  member  = google_service_account.export_timer.member
}

# Whoever starts a job must be able to look its machines up.
resource "google_project_iam_member" "export_timer_sees_machines" {
  count = local.is_cloud_run ? 0 : 1

  project = var.project_id
  role    = "roles/compute.viewer"
  member  = google_service_account.export_timer.member
}

resource "google_service_account_iam_member" "export_timer_acts_as_export" {
  count = local.is_cloud_run ? 0 : 1

  service_account_id = google_service_account.export.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.export_timer.member
}

resource "google_cloud_scheduler_job" "export" {
  count = var.deploy_jobs ? 1 : 0

  name        = "${var.name}-export"
  description = "Exports annotations and tasks to BigQuery."
  region      = var.region
  schedule    = var.export_schedule
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri = (
      local.is_cloud_run
      ? "${local.run_uri}/${var.name}-export:run"
      : "https://dataflow.googleapis.com/v1b3/projects/${var.project_id}/locations/${var.region}/flexTemplates:launch"
    )
    headers = { "Content-Type" = "application/json" }
    body    = base64encode(local.is_cloud_run ? "{}" : jsonencode(local.export_launch))

    oauth_token {
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
      service_account_email = google_service_account.export_timer.email
    }
  }

  # The next time does as well.
  retry_config {
    retry_count = 0
  }

  depends_on = [
    google_cloud_run_v2_job_iam_member.timers_run,
    google_project_iam_member.export_timer_sees_machines,
    google_project_iam_member.export_timer_starts_jobs,
    google_service_account_iam_member.export_timer_acts_as_export,
  ]
}
