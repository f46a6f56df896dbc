# Who cannot get at the data, and how long they are kept.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id             = "team-videos"
  uploads_retention_days = 365
}

run "no_bucket_is_public" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in [
        google_storage_bucket.datasets, google_storage_bucket.images, google_storage_bucket.releases,
        google_storage_bucket.staging, google_storage_bucket.uploads,
      ] : bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access
    ])
    error_message = "Every bucket refuses the public, and knows roles only."
  }
}

run "data_outlive_mistakes" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.datasets, google_storage_bucket.images, google_storage_bucket.uploads] :
      bucket.soft_delete_policy[0].retention_duration_seconds == 2592000
    ])
    error_message = "What is deleted can be had back for 30 days."
  }

  assert {
    condition     = google_storage_bucket.datasets.versioning[0].enabled && google_storage_bucket.releases.versioning[0].enabled
    error_message = "Dataset versions and releases that are replaced stay."
  }

  assert {
    condition     = google_storage_bucket.staging.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "Temporary files are not paid for after they are deleted."
  }

  assert {
    condition     = google_firestore_database.labeling.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "The database can be read as it was."
  }
}

run "what_is_temporary_goes" {
  command = plan

  assert {
    condition = {
      for rule in google_storage_bucket.staging.lifecycle_rule : tolist(rule.condition)[0].matches_prefix[0] => tolist(rule.condition)[0].age
      if tolist(rule.action)[0].type == "Delete"
    } == { "dead_letters/" = 90, "export/rows/" = 1, "export/temp/" = 7, "ingest/temp/" = 7 }
    error_message = "Staged rows go after a day, temporary files after a week; what running jobs load stays."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.uploads.lifecycle_rule : tolist(rule.condition)[0].age
      if tolist(rule.action)[0].type == "Delete"
    ] == [365]
    error_message = "Videos are deleted when they were said to be."
  }

  assert {
    condition     = alltrue([for rule in google_storage_bucket.images.lifecycle_rule : tolist(rule.action)[0].type != "Delete"])
    error_message = "Images stay."
  }
}

run "videos_stay_unless_told" {
  command = plan

  variables {
    uploads_retention_days = null
  }

  assert {
    condition     = alltrue([for rule in google_storage_bucket.uploads.lifecycle_rule : tolist(rule.action)[0].type != "Delete"])
    error_message = "No video is deleted by default."
  }
}

run "images_go_by_their_age_where_that_is_asked_for" {
  command = plan

  variables {
    images_retention_days = 730
  }

  assert {
    condition = [
      for rule in google_storage_bucket.images.lifecycle_rule : tolist(rule.condition)[0].age
      if tolist(rule.action)[0].type == "Delete"
    ] == [730]
    error_message = "Images are deleted when they were said to be."
  }
}

run "nobody_reads_documents_through_rules" {
  command = plan

  assert {
    condition     = strcontains(google_firebaserules_ruleset.firestore.source[0].files[0].content, "allow read, write: if false;")
    error_message = "Rules must deny all."
  }

  assert {
    condition     = google_firebaserules_release.firestore.name == "cloud.firestore/${google_firestore_database.labeling.name}"
    error_message = "The rules must be this database's."
  }
}

run "queries_have_their_indexes" {
  command = plan

  assert {
    condition = toset([
      for index in google_firestore_index.tasks :
      "${index.collection}: ${join(", ", index.fields[*].field_path)}"
      ]) == toset([
      "tasks: booked_on, cost",
      "tasks: state, booked_on, requested_at",
      "tasks: state, due_at",
      "tasks: state, requested_at",
    ])
    error_message = "docs/labeling.md names the indexes that the broker's queries need."
  }

  assert {
    condition = { for field in google_firestore_field.unindexed : field.collection => field.field } == {
      annotations = "objects", answers = "objects", predictions = "objects", quarantine = "payload"
    }
    error_message = "What may have thousands of entries must not be indexed."
  }
}
