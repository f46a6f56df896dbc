# What could not be used, kept for a month: of uploads and of images the events, of exports the
# documents (files below dead_letters/ in the staging bucket, whose notifications are here).

locals {
  dead_letter_kinds = toset(["exports", "images", "uploads"])
}

resource "google_pubsub_topic" "dead_letters" {
  #checkov:skip=CKV_GCP_83:Encrypted with the team's own key where there is one (var.kms_key)
  for_each = local.dead_letter_kinds

  name         = "${var.name}-${each.key}-dead-letters"
  kms_key_name = var.kms_key
  depends_on   = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

# Read by people: gcloud pubsub subscriptions pull. A topic without a subscription would lose them.
resource "google_pubsub_subscription" "dead_letters" {
  for_each = local.dead_letter_kinds

  name                       = google_pubsub_topic.dead_letters[each.key].name
  topic                      = google_pubsub_topic.dead_letters[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "${local.month_seconds}s"

  expiration_policy {
    ttl = "" # Never.
  }
}

resource "google_pubsub_topic_iam_member" "pubsub_publishes_dead_letters" {
  for_each = toset(["images", "uploads"])

  topic  = google_pubsub_topic.dead_letters[each.key].id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_topic_iam_member" "ingest_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters["uploads"].id
  role   = "roles/pubsub.publisher"
  member = google_service_account.ingest.member
}

# Dataflow looks at the topic before it writes.
resource "google_pubsub_topic_iam_member" "ingest_sees_dead_letters" {
  topic  = google_pubsub_topic.dead_letters["uploads"].id
  role   = "roles/pubsub.viewer"
  member = google_service_account.ingest.member
}

resource "google_pubsub_topic_iam_member" "storage_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters["exports"].id
  role   = "roles/pubsub.publisher"
  member = local.storage_agent
}

resource "google_storage_notification" "dead_letters" {
  bucket             = google_storage_bucket.staging.name
  object_name_prefix = "dead_letters/"
  topic              = google_pubsub_topic.dead_letters["exports"].id
  event_types        = ["OBJECT_FINALIZE"]
  payload_format     = "JSON_API_V1"
  depends_on         = [google_pubsub_topic_iam_member.storage_publishes_dead_letters]
}
