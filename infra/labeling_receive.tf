# receive_annotation: the vendor's answers. Vendors have no Google account, so that by default the function is
# open to all, and its code compares the secret that each callback carries. An organisation with domain-restricted
# sharing refuses that: `callback_members` then names a gateway's account, or nobody. With nobody there is no
# such function, nothing is public, and `reconcile` asks Label Studio for the answers.

locals {
  takes_callbacks = length(var.callback_members) > 0

  # Null until the functions are deployed, and where nothing takes callbacks.
  callback_url = one([
    for function in google_cloudfunctions2_function.receive_annotation :
    coalesce(var.callback_gateway_url, function.service_config[0].uri)
  ])
}

resource "google_cloudfunctions2_function" "receive_annotation" {
  #checkov:skip=CKV_GCP_124:Vendors call it from outside; the code checks their secret
  count = var.deploy_functions && local.takes_callbacks ? 1 : 0

  name         = "${var.name}-receive-annotation"
  description  = "Takes the vendor's answers."
  location     = var.region
  kms_key_name = var.kms_key

  build_config {
    runtime           = "python312"
    entry_point       = "receive_annotation"
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
    service_account_email            = google_service_account.labeling["receive"].email
    environment_variables            = local.labeling_environment
    ingress_settings                 = "ALLOW_ALL"
    all_traffic_on_latest_revision   = true
    available_cpu                    = "1"
    available_memory                 = "512Mi"
    min_instance_count               = var.receive_min_instances
    max_instance_count               = 10
    max_instance_request_concurrency = 8
    timeout_seconds                  = 60

    dynamic "secret_environment_variables" {
      for_each = local.secrets_of.receive

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
    google_storage_bucket_iam_member.labeling_reads_images,
    google_storage_bucket_iam_member.reads_releases,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "calls_back" {
  for_each = var.deploy_functions ? var.callback_members : []

  name     = google_cloudfunctions2_function.receive_annotation[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.key
}

moved {
  from = google_cloud_run_v2_service_iam_member.everybody_calls_back[0]
  to   = google_cloud_run_v2_service_iam_member.calls_back["allUsers"]
}
