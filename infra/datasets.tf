# Dataset versions, models and scores: what training writes.

resource "google_storage_bucket" "datasets" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  name                        = local.buckets.datasets
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  soft_delete_policy {
    retention_duration_seconds = 30 * 24 * 60 * 60
  }

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 365
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
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

resource "google_storage_bucket_iam_member" "trainer_writes_datasets" {
  bucket = google_storage_bucket.datasets.name
  role   = "roles/storage.objectUser"
  member = google_service_account.trainer.member
}
