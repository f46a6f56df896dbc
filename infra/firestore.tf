# Tasks, annotations and answers: a Firestore database of its own beside whatever the project has.

locals {
  # What the labeling broker's queries ask for: docs/labeling.md.
  task_indexes = [
    ["booked_on", "cost"],
    ["state", "booked_on", "requested_at"],
    ["state", "due_at"],
    ["state", "requested_at"],
  ]

  # A document may have 40,000 index entries; nobody looks documents up by these.
  unindexed_fields = {
    annotations = "objects"
    answers     = "objects"
    predictions = "objects"
    quarantine  = "payload"
  }
}

resource "google_firestore_database" "labeling" {
  name                              = var.name
  location_id                       = coalesce(var.firestore_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.allow_data_deletion ? "DELETE_PROTECTION_DISABLED" : "DELETE_PROTECTION_ENABLED"
  # Not ABANDON, which would leave it behind without a word.
  deletion_policy = "DELETE"

  dynamic "cmek_config" {
    for_each = var.kms_key[*]

    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_firestore_index" "tasks" {
  for_each = { for fields in local.task_indexes : join(",", fields) => fields }

  database   = google_firestore_database.labeling.name
  collection = "tasks"

  dynamic "fields" {
    for_each = each.value

    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }
}

resource "google_firestore_field" "unindexed" {
  for_each = local.unindexed_fields

  database   = google_firestore_database.labeling.name
  collection = each.key
  field      = each.value

  # Without any index in it.
  index_config {}
}

resource "google_firebaserules_ruleset" "firestore" {
  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }

  depends_on = [google_firestore_database.labeling]
}

resource "google_firebaserules_release" "firestore" {
  name         = "cloud.firestore/${google_firestore_database.labeling.name}"
  ruleset_name = google_firebaserules_ruleset.firestore.name

  lifecycle {
    # A release never points to nothing.
    replace_triggered_by = [google_firebaserules_ruleset.firestore]
  }
}

# Roles are the project's; the condition is the database.
resource "google_project_iam_member" "documents" {
  for_each = {
    export    = { member = google_service_account.export.member, role = "roles/datastore.viewer" }
    receive   = { member = google_service_account.labeling["receive"].member, role = "roles/datastore.user" }
    reconcile = { member = google_service_account.labeling["reconcile"].member, role = "roles/datastore.user" }
    request   = { member = google_service_account.labeling["request"].member, role = "roles/datastore.user" }
  }

  project = var.project_id
  role    = each.value.role
  member  = each.value.member

  condition {
    title      = "the labeling database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.labeling.name}\""
  }
}
