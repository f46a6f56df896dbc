# Videos as collectors upload them, and the events that tell of them.
#
#   bucket -> notification -> topic -> subscription -> ingest job (ingest.tf)

resource "google_storage_bucket" "uploads" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  #checkov:skip=CKV_GCP_78:Names are written once and nobody may replace them; what is deleted can be had back for a month
  name                        = local.buckets.uploads
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  soft_delete_policy {
    retention_duration_seconds = 30 * 24 * 60 * 60
  }

  # A video is read once, when it comes.
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "COLDLINE"
    }
    condition {
      age = 30
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

  dynamic "lifecycle_rule" {
    for_each = var.uploads_retention_days == null ? [] : [var.uploads_retention_days]

    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
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

resource "google_storage_bucket_iam_member" "ingest_reads_uploads" {
  bucket = google_storage_bucket.uploads.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.ingest.member
}

resource "google_pubsub_topic" "uploads" {
  #checkov:skip=CKV_GCP_83:Encrypted with the team's own key where there is one (var.kms_key)
  name                       = "${var.name}-uploads"
  kms_key_name               = var.kms_key
  message_retention_duration = "${7 * 24 * 60 * 60}s"
  depends_on                 = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_pubsub_topic_iam_member" "storage_publishes_uploads" {
  topic  = google_pubsub_topic.uploads.id
  role   = "roles/pubsub.publisher"
  member = local.storage_agent
}

resource "google_storage_notification" "uploads" {
  bucket         = google_storage_bucket.uploads.name
  topic          = google_pubsub_topic.uploads.id
  event_types    = ["OBJECT_FINALIZE"]
  payload_format = "JSON_API_V1"
  depends_on     = [google_pubsub_topic_iam_member.storage_publishes_uploads]
}

# What the job cannot use goes to the dead letters by its own hand, with the reason. Dataflow does
# not count attempts as other subscribers do (Google supports neither dead letters nor backoff
# there), so this policy is the last resort: an event that a hundred times was handed out and not taken.
resource "google_pubsub_subscription" "uploads" {
  name                       = "${var.name}-uploads"
  topic                      = google_pubsub_topic.uploads.id
  ack_deadline_seconds       = 600
  message_retention_duration = "${local.month_seconds}s"

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters["uploads"].id
    max_delivery_attempts = 100
  }

  expiration_policy {
    ttl = "" # Never.
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  depends_on = [google_pubsub_topic_iam_member.pubsub_publishes_dead_letters]
}

# Pub/Sub itself takes away what it has forwarded.
resource "google_pubsub_subscription_iam_member" "pubsub_forwards_uploads" {
  subscription = google_pubsub_subscription.uploads.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "ingest_consumes_uploads" {
  subscription = google_pubsub_subscription.uploads.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.ingest.member
}

# Dataflow looks at the subscription before it reads.
resource "google_pubsub_subscription_iam_member" "ingest_sees_uploads" {
  subscription = google_pubsub_subscription.uploads.name
  role         = "roles/pubsub.viewer"
  member       = google_service_account.ingest.member
}
