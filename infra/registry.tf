# Images: that of the jobs' workers, which `make image` pushes, and those that Cloud Functions builds.

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Encrypted with the team's own key where there is one (var.kms_key)
  for_each = {
    beam      = "The jobs' worker and launcher image."
    functions = "The labeling functions, as Cloud Functions builds them."
  }

  repository_id = "${var.name}-${each.key}"
  location      = var.region
  format        = "DOCKER"
  description   = each.value
  kms_key_name  = var.kms_key

  # A job names its image by digest: tagged ones and the last twenty stay.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "${180 * 24 * 60 * 60}s"
      tag_state  = "UNTAGGED"
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

# Cloud Run pulls by its own hand, which may do so in its project.
resource "google_artifact_registry_repository_iam_member" "jobs_pull" {
  for_each = local.dataflow_accounts

  repository = google_artifact_registry_repository.images["beam"].name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = each.value
}

resource "google_artifact_registry_repository_iam_member" "function_build_pushes" {
  repository = google_artifact_registry_repository.images["functions"].name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.function_build.member
}
