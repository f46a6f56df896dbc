# What is built and then run: the jobs' templates and the functions' source. Apart from staging, so
# that no job can change what runs next.

resource "google_storage_bucket" "releases" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  name                        = local.buckets.releases
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 90
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

# Dataflow's jobs start from their templates; the timer names one; the build reads the functions' source.
resource "google_storage_bucket_iam_member" "reads_releases" {
  for_each = merge(
    local.dataflow_accounts,
    local.is_cloud_run ? {} : { export_timer = google_service_account.export_timer.member },
    { function_build = google_service_account.function_build.member },
  )

  bucket = google_storage_bucket.releases.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
