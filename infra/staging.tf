# What the jobs need on the way, and may be lost but for dead letters. Each job has a folder of its own, and neither
# reads or writes what the other's workers load and run. Its prefixes:
#   ingest/dataflow/, export/dataflow/  files that the workers of running jobs load; they stay, for a stream runs for months
#   ingest/temp/, export/temp/          Dataflow's own
#   export/rows/                        rows on their way to BigQuery
#   dead_letters/                       documents that an export could not use

locals {
  staging_folders = {
    export = ["dead_letters/", "export/"]
    ingest = ["ingest/"]
  }
}

resource "google_storage_bucket" "staging" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  #checkov:skip=CKV_GCP_78:Nothing here is wanted back
  name                        = local.buckets.staging
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Soft deletion would have temporary files paid for, for a week.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  dynamic "lifecycle_rule" {
    for_each = { "dead_letters/" = 90, "export/rows/" = 1, "export/temp/" = 7, "ingest/temp/" = 7 }

    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = [lifecycle_rule.key]
      }
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
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

# On Cloud Run the ingest job has nothing on the way.
resource "google_storage_bucket_iam_member" "jobs_use_staging" {
  for_each = local.is_cloud_run ? { export = google_service_account.export.member } : local.job_accounts

  bucket = google_storage_bucket.staging.name
  role   = "roles/storage.objectUser"
  member = each.value

  # To list is a right on the bucket: names can be seen, and nothing else of the other job.
  condition {
    title = "own folder"
    expression = join(" || ", concat(
      ["resource.type == \"storage.googleapis.com/Bucket\""],
      [
        for folder in local.staging_folders[each.key] :
        "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.staging.name}/objects/${folder}\")"
      ],
    ))
  }
}
