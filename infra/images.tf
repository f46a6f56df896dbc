# Images as the ingest job stores them, and the events that ask for their labels.
#
#   bucket -> notification -> topic -> push subscription -> request_labeling (labeling_request.tf)
#
# With the privacy gate the subscription is of the copies' topic (privacy.tf). Nobody hears of an image then: what waited
# in the subscription goes with the change, and comes again as the copies' events.

resource "google_storage_bucket" "images" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  #checkov:skip=CKV_GCP_78:Names derive from content, so a name is never written with other bytes; what is deleted can be had back for a month
  name                        = local.buckets.images
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  soft_delete_policy {
    retention_duration_seconds = 30 * 24 * 60 * 60
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
    for_each = var.images_retention_days == null ? [] : [var.images_retention_days]

    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_suffix = [".jpg"]
      }
    }
  }

  # Annotators' browsers draw images into Label Studio's canvas.
  dynamic "cors" {
    for_each = compact([lookup(var.labeling_options, "LABEL_STUDIO_URL", "")])

    content {
      origin          = [trimsuffix(cors.value, "/")]
      method          = ["GET"]
      response_header = ["Content-Type"]
      max_age_seconds = 3600
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

# An image that is there already is asked for with if_generation_match=0. Cloud Storage answers 412, as
# the job expects, to who might have replaced it; who may only create can be answered with a 403. The job
# reads in it as well: whether a video was forgotten (forgotten/).
resource "google_storage_bucket_iam_member" "ingest_writes_images" {
  bucket = google_storage_bucket.images.name
  role   = "roles/storage.objectUser"
  member = google_service_account.ingest.member
}

# To sign urls for the vendor, and to learn the size of images that came without. Behind the privacy gate
# (privacy.tf), who labels and trains reads copies, and no image.
resource "google_storage_bucket_iam_member" "labeling_reads_images" {
  for_each = google_service_account.labeling

  bucket = local.shown_bucket
  role   = "roles/storage.objectViewer"
  member = each.value.member
}

resource "google_storage_bucket_iam_member" "trainer_reads_images" {
  bucket = local.shown_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.trainer.member
}

resource "google_pubsub_topic" "images" {
  #checkov:skip=CKV_GCP_83:Encrypted with the team's own key where there is one (var.kms_key)
  name                       = "${var.name}-images"
  kms_key_name               = var.kms_key
  message_retention_duration = "${7 * 24 * 60 * 60}s"
  depends_on                 = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_pubsub_topic_iam_member" "storage_publishes_images" {
  topic  = google_pubsub_topic.images.id
  role   = "roles/pubsub.publisher"
  member = local.storage_agent
}

resource "google_storage_notification" "images" {
  bucket         = google_storage_bucket.images.name
  topic          = google_pubsub_topic.images.id
  event_types    = ["OBJECT_FINALIZE"]
  payload_format = "JSON_API_V1"
  depends_on     = [google_pubsub_topic_iam_member.storage_publishes_images]
}

# A push subscription of our own rather than a function's event trigger: Eventarc makes its
# subscription itself, without dead letters and with a backoff that nobody set. Until the function
# is deployed nothing is pushed, and the events wait here for up to a month.
#
# A vendor that is down answers with backoff for up to 16 hours (100 attempts, mostly 10 minutes
# apart). The task document is there by then: what becomes a dead letter, `reconcile` dispatches.
resource "google_pubsub_subscription" "images" {
  name                       = "${var.name}-images"
  topic                      = local.shown_topic
  ack_deadline_seconds       = 600
  message_retention_duration = "${local.month_seconds}s"

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters["images"].id
    max_delivery_attempts = 100
  }

  expiration_policy {
    ttl = "" # Never.
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dynamic "push_config" {
    for_each = google_cloudfunctions2_function.request_labeling

    content {
      push_endpoint = push_config.value.service_config[0].uri

      oidc_token {
        audience              = push_config.value.service_config[0].uri
        service_account_email = google_service_account.images_push.email
      }
    }
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.images_push_invokes,
    google_pubsub_topic_iam_member.pubsub_publishes_dead_letters,
    google_service_account_iam_member.pubsub_signs_as_images_push,
  ]
}

resource "google_pubsub_subscription_iam_member" "pubsub_forwards_images" {
  subscription = google_pubsub_subscription.images.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent

  # A subscription of another topic is another one, with the same name and no grants.
  lifecycle {
    replace_triggered_by = [google_pubsub_subscription.images.topic]
  }
}

# Whose token the pushes carry.
resource "google_service_account" "images_push" {
  account_id   = "${var.name}-images-push"
  display_name = "Pushes image events to request_labeling"
  depends_on   = [google_project_service.enabled]
}

resource "google_service_account_iam_member" "pubsub_signs_as_images_push" {
  service_account_id = google_service_account.images_push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}

resource "google_cloud_run_v2_service_iam_member" "images_push_invokes" {
  count = var.deploy_functions ? 1 : 0

  name     = google_cloudfunctions2_function.request_labeling[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.images_push.member
}
