# `terraform destroy` refuses what holds data, unless it is told.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id = "team-videos"
}

run "data_are_refused" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in [
        google_storage_bucket.datasets, google_storage_bucket.images, google_storage_bucket.releases,
        google_storage_bucket.staging, google_storage_bucket.uploads,
      ] : !bucket.force_destroy
    ])
    error_message = "A bucket with objects must not go."
  }

  assert {
    condition = (
      alltrue(values(google_bigquery_table.tables)[*].deletion_protection)
      && !google_bigquery_dataset.warehouse.delete_contents_on_destroy
    )
    error_message = "Tables must not go."
  }

  assert {
    condition     = google_firestore_database.labeling.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "The database must not go."
  }

  assert {
    condition     = alltrue(values(google_secret_manager_secret.labeling)[*].deletion_protection)
    error_message = "Secrets must not go."
  }
}

run "nothing_is_left_behind_when_told" {
  command = plan

  variables {
    allow_data_deletion = true
  }

  assert {
    condition = alltrue([
      for bucket in [
        google_storage_bucket.datasets, google_storage_bucket.images, google_storage_bucket.releases,
        google_storage_bucket.staging, google_storage_bucket.uploads,
      ] : bucket.force_destroy
    ])
    error_message = "Buckets go with what is in them."
  }

  assert {
    condition = (
      !anytrue(values(google_bigquery_table.tables)[*].deletion_protection)
      && google_bigquery_dataset.warehouse.delete_contents_on_destroy
      && !anytrue(values(google_secret_manager_secret.labeling)[*].deletion_protection)
    )
    error_message = "Tables, dataset and secrets go."
  }

  assert {
    condition = (
      google_firestore_database.labeling.delete_protection_state == "DELETE_PROTECTION_DISABLED"
      && google_firestore_database.labeling.deletion_policy == "DELETE"
    )
    error_message = "The database goes, and is not just forgotten."
  }
}

run "apis_stay_enabled" {
  command = plan

  assert {
    condition     = !anytrue(values(google_project_service.enabled)[*].disable_on_destroy)
    error_message = "Others in the project may use an API."
  }
}
