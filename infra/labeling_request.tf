# request_labeling: an image event becomes a task of the vendor. Called by Pub/Sub's pushes (images.tf).

resource "google_cloudfunctions2_function" "request_labeling" {
  count = var.deploy_functions ? 1 : 0

  name         = "${var.name}-request-labeling"
  description  = "Asks the vendor to label an image."
  location     = var.region
  kms_key_name = var.kms_key

  build_config {
    runtime           = "python312"
    entry_point       = "request_labeling"
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
    service_account_email            = google_service_account.labeling["request"].email
    environment_variables            = local.dispatching_environment
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_cpu                    = "1"
    available_memory                 = "512Mi"
    max_instance_count               = 10
    max_instance_request_concurrency = 8
    # All calls for a task may take 60 s; Pub/Sub waits for 600.
    timeout_seconds = 120

    dynamic "secret_environment_variables" {
      for_each = local.secrets_of.request

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
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.documents,
    google_project_iam_member.function_build_logs,
    google_project_iam_member.function_build_reads_copies,
    google_secret_manager_secret_iam_member.labeling,
    google_service_account_iam_member.labeling_signs,
    google_storage_bucket_iam_member.labeling_reads_images,
    google_storage_bucket_iam_member.reads_releases,
  ]
}
