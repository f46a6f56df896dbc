# The privacy gate (docs/privacy.md), with `privacy_gate`; without it, nothing here is made.
#
#   images bucket -> timer -> Cloud Run job: `vidset blur` -> bucket of copies -> notification -> topic
#     -> the push subscription of images.tf -> request_labeling
#
# Vendors, functions and the trainer get copies. Of the images bucket, they read nothing but the one file that says
# that there is a gate, and the functions not even that.

locals {
  has_gate = var.privacy_gate != null

  # What vendors, functions and the trainer read, and whose events ask for labels.
  shown_bucket = local.has_gate ? google_storage_bucket.blurred[0].name : google_storage_bucket.images.name
  shown_topic  = local.has_gate ? google_pubsub_topic.blurred[0].id : google_pubsub_topic.images.id

  # gs://BUCKET/NAME
  gate_model = local.has_gate ? regex("^gs://(?P<bucket>[^/]+)/(?P<name>.+)$", var.privacy_gate.model) : null

  gate_account = { for account in google_service_account.blur : "blur" => account.member }
}

resource "google_storage_bucket" "blurred" {
  #checkov:skip=CKV_GCP_62:Who reads and writes what is in Cloud Audit Logs (project.tf)
  #checkov:skip=CKV_GCP_78:Copies are made again from what is in the images bucket
  count = local.has_gate ? 1 : 0

  name                        = local.buckets.blurred
  location                    = var.region
  force_destroy               = var.allow_data_deletion
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # Other rules delete copies because they show too much.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  # The rules of the gate, and what was found, stay.
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

# Whatever reads the images bucket finds it, and takes the copies: `vidset view`, `vidset dataset create`.
resource "google_storage_bucket_object" "gate" {
  count = local.has_gate ? 1 : 0

  bucket       = google_storage_bucket.images.name
  name         = "privacy.json"
  content      = jsonencode({ format = 1, copies = "gs://${google_storage_bucket.blurred[0].name}" })
  content_type = "application/json"
}

# To cut versions, of copies: the trainer looks whether there is a gate.
resource "google_storage_bucket_iam_member" "trainer_sees_gate" {
  count = local.has_gate ? 1 : 0

  bucket = google_storage_bucket.images.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.trainer.member

  condition {
    title      = "the gate alone"
    expression = "resource.name == \"projects/_/buckets/${google_storage_bucket.images.name}/objects/${google_storage_bucket_object.gate[0].name}\""
  }
}

resource "google_pubsub_topic" "blurred" {
  #checkov:skip=CKV_GCP_83:Encrypted with the team's own key where there is one (var.kms_key)
  count = local.has_gate ? 1 : 0

  name                       = "${var.name}-blurred"
  kms_key_name               = var.kms_key
  message_retention_duration = "${7 * 24 * 60 * 60}s"
  depends_on                 = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_pubsub_topic_iam_member" "storage_publishes_blurred" {
  count = local.has_gate ? 1 : 0

  topic  = google_pubsub_topic.blurred[0].id
  role   = "roles/pubsub.publisher"
  member = local.storage_agent
}

resource "google_storage_notification" "blurred" {
  count = local.has_gate ? 1 : 0

  bucket         = google_storage_bucket.blurred[0].name
  topic          = google_pubsub_topic.blurred[0].id
  event_types    = ["OBJECT_FINALIZE"]
  payload_format = "JSON_API_V1"
  depends_on     = [google_pubsub_topic_iam_member.storage_publishes_blurred]
}

# --- The job. It reads images, the model and the ledger (warehouse.tf), and writes copies.

resource "google_service_account" "blur" {
  count = local.has_gate ? 1 : 0

  account_id   = "${var.name}-blur"
  display_name = "Makes blurred copies of images"
  depends_on   = [google_project_service.enabled]
}

resource "google_storage_bucket_iam_member" "blur_reads_images" {
  count = local.has_gate ? 1 : 0

  bucket = google_storage_bucket.images.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.blur[0].member
}

resource "google_storage_bucket_iam_member" "blur_writes_copies" {
  count = local.has_gate ? 1 : 0

  bucket = google_storage_bucket.blurred[0].name
  role   = "roles/storage.objectUser"
  member = google_service_account.blur[0].member
}

resource "google_storage_bucket_iam_member" "blur_reads_model" {
  count = local.has_gate ? 1 : 0

  bucket = local.gate_model.bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.blur[0].member

  condition {
    title      = "the model alone"
    expression = "resource.name == \"projects/_/buckets/${local.gate_model.bucket}/objects/${local.gate_model.name}\""
  }
}

resource "google_cloud_run_v2_job" "blur" {
  count = var.deploy_jobs && local.has_gate ? 1 : 0

  name                = "${var.name}-blur"
  location            = var.region
  deletion_protection = false

  template {
    labels     = local.labels
    task_count = 1

    template {
      service_account = google_service_account.blur[0].email
      encryption_key  = var.kms_key
      timeout         = "86400s"
      # The next run goes on.
      max_retries = 0

      containers {
        image = var.cloud_run_image
        args = [
          "blur",
          "gs://${google_storage_bucket.images.name}",
          "--copies=gs://${google_storage_bucket.blurred[0].name}",
          "--warehouse=${local.ledger}",
          "--blur=faces:${var.privacy_gate.model}#${var.privacy_gate.sha256}",
          "--method=${var.privacy_gate.method}",
          # A run is to end before the next one begins, which would do the same.
          "--limit=${var.privacy_gate.images_per_run}",
          "--workers=2",
          # An image that cannot be checked has an alert of its own: the run has not failed.
          "--exit-zero",
        ]

        resources {
          limits = {
            cpu    = "2"
            memory = "4Gi"
          }
        }
      }

      # As the other jobs: it reaches Google's APIs, and nothing else.
      vpc_access {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = google_compute_network.workers.name
          subnetwork = google_compute_subnetwork.workers.name
        }
      }
    }
  }

  depends_on = [
    google_bigquery_dataset_iam_member.reads,
    google_bigquery_table.tables,
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.queries,
    google_storage_bucket_iam_member.blur_reads_images,
    google_storage_bucket_iam_member.blur_reads_model,
    google_storage_bucket_iam_member.blur_writes_copies,
    google_storage_bucket_object.gate,
  ]
}

resource "google_service_account" "blur_timer" {
  count = local.has_gate ? 1 : 0

  account_id   = "${var.name}-blur-timer"
  display_name = "Starts the job that blurs"
  depends_on   = [google_project_service.enabled]
}

resource "google_cloud_run_v2_job_iam_member" "timer_blurs" {
  for_each = { for job in google_cloud_run_v2_job.blur : "blur" => job.name }

  name     = each.value
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.blur_timer[0].member
}

resource "google_cloud_scheduler_job" "blur" {
  count = var.deploy_jobs && local.has_gate ? 1 : 0

  name        = "${var.name}-blur"
  description = "Blurs the images that came since."
  region      = var.region
  schedule    = var.privacy_gate.schedule
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri         = "${local.run_uri}/${google_cloud_run_v2_job.blur[0].name}:run"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oauth_token {
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
      service_account_email = google_service_account.blur_timer[0].email
    }
  }

  # The next time does as well.
  retry_config {
    retry_count = 0
  }

  depends_on = [google_cloud_run_v2_job_iam_member.timer_blurs]
}

# A run that failed: monitoring.tf. What a run could not check, each later run names again.
resource "google_monitoring_alert_policy" "held_back" {
  count = local.has_gate ? 1 : 0

  display_name          = "${var.name}: images could not be checked"
  combiner              = "OR"
  notification_channels = local.channels
  severity              = "WARNING"

  conditions {
    display_name = "Images are held back"

    condition_matched_log {
      filter = join(" AND ", [
        "resource.type=\"cloud_run_job\"",
        "resource.labels.job_name=\"${var.name}-blur\"",
        "textPayload:\"not checked, and held back\"",
      ])
    }
  }

  alert_strategy {
    auto_close = "604800s"

    notification_rate_limit {
      period = "86400s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "They have no blurred copy, so that nobody is sent them. The log of the job `${var.name}-blur` names each one and says why."
  }

  depends_on = [google_project_service.enabled]
}
