# reconcile: what no event brings about any more. Every 15 minutes what vendors changed and what waits;
# once a day also, by the frame ledger, images without a task, which reads a document for each image.
# The ledger is a setting of the function's environment, so the daily one is deployed on its own.

locals {
  reconciliations = {
    reconcile = {
      description = "Fetches lost and overdue answers, and dispatches tasks that were held back."
      environment = {}
      schedule    = "*/15 * * * *"
    }
    reconcile-ledger = {
      description = "Does the same, and finds images without a task."
      environment = { LABELING_LEDGER = local.ledger }
      schedule    = "30 3 * * *"
    }
  }
}

resource "google_cloudfunctions2_function" "reconcile" {
  for_each = var.deploy_functions ? local.reconciliations : {}

  name         = "${var.name}-${each.key}"
  description  = each.value.description
  location     = var.region
  kms_key_name = var.kms_key

  build_config {
    runtime           = "python312"
    entry_point       = "reconcile"
    docker_repository = google_artifact_registry_repository.images["functions"].id
    service_account   = google_service_account.function_build.id

    source {
      storage_source {
        bucket = google_storage_bucket.releases.name
        object = google_storage_bucket_object.functions[0].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.labeling["reconcile"].email
    environment_variables            = merge(local.dispatching_environment, each.value.environment)
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_cpu                    = "1"
    available_memory                 = "512Mi"
    max_instance_count               = 1
    max_instance_request_concurrency = 1
    # As long as Cloud Scheduler waits at most.
    timeout_seconds = 1800

    dynamic "secret_environment_variables" {
      for_each = local.secrets_of.reconcile

      content {
        key        = secret_environment_variables.value
        project_id = var.project_id
        secret     = google_secret_manager_secret.labeling[secret_environment_variables.value].secret_id
        version    = "latest"
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.function_build_pushes,
    google_bigquery_dataset_iam_member.reads,
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.documents,
    google_project_iam_member.function_build_logs,
    google_project_iam_member.function_build_reads_copies,
    google_project_iam_member.queries,
    google_secret_manager_secret_iam_member.labeling,
    google_service_account_iam_member.labeling_signs,
    google_storage_bucket_iam_member.labeling_reads_images,
    google_storage_bucket_iam_member.reads_releases,
  ]
}

resource "google_service_account" "reconcile_timer" {
  account_id   = "${var.name}-reconcile-timer"
  display_name = "Calls reconcile"
  depends_on   = [google_project_service.enabled]
}

resource "google_cloud_run_v2_service_iam_member" "timer_reconciles" {
  for_each = google_cloudfunctions2_function.reconcile

  name     = each.value.name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.reconcile_timer.member
}

resource "google_cloud_scheduler_job" "reconcile" {
  for_each = google_cloudfunctions2_function.reconcile

  name             = each.value.name
  description      = each.value.description
  region           = var.region
  schedule         = local.reconciliations[each.key].schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "1800s"

  http_target {
    http_method = "POST"
    uri         = each.value.service_config[0].uri

    oidc_token {
      audience              = each.value.service_config[0].uri
      service_account_email = google_service_account.reconcile_timer.email
    }
  }

  # What one run leaves unfinished, the next goes on with.
  retry_config {
    retry_count = 0
  }

  depends_on = [google_cloud_run_v2_service_iam_member.timer_reconciles]
}
