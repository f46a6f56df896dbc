# The privacy gate: what is made with it, who reads what, and that nothing of it is there without it.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id            = "team-videos"
  cloud_run_image       = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/cloud-run@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  deploy_functions      = true
  deploy_jobs           = true
  functions_archive     = "schemas/tables.json"
  images_retention_days = 730
  ingest_engine         = "cloud_run"
  kms_key               = "projects/team-videos/locations/europe-west1/keyRings/ring/cryptoKeys/key"
  labeling_options      = { LABEL_STUDIO_URL = "https://labels.example.com" }
  privacy_gate = {
    images_per_run = 1000
    method         = "solid"
    model          = "gs://team-models/faces/centerface.onnx"
    schedule       = "*/30 * * * *"
  }
}

run "copies_are_what_is_labeled" {
  assert {
    condition = (
      google_storage_notification.blurred[0].bucket == google_storage_bucket.blurred[0].name
      && google_storage_notification.blurred[0].topic == google_pubsub_topic.blurred[0].id
      && google_storage_notification.blurred[0].event_types == toset(["OBJECT_FINALIZE"])
      && google_storage_notification.blurred[0].payload_format == "JSON_API_V1"
      && google_pubsub_subscription.images.topic == google_pubsub_topic.blurred[0].id
      && google_pubsub_topic.blurred[0].id != google_pubsub_topic.images.id
      && google_storage_bucket.blurred[0].name != google_storage_bucket.images.name
    )
    error_message = "The copies' events, and no others, reach request_labeling."
  }

  assert {
    condition = alltrue([
      for grant in google_storage_bucket_iam_member.labeling_reads_images :
      grant.bucket == google_storage_bucket.blurred[0].name && grant.role == "roles/storage.objectViewer"
    ]) && length(google_storage_bucket_iam_member.labeling_reads_images) == 3
    error_message = "The functions read copies alone."
  }

  assert {
    condition = alltrue([
      for function in concat(
        values(google_cloudfunctions2_function.reconcile),
        google_cloudfunctions2_function.request_labeling,
        google_cloudfunctions2_function.receive_annotation,
        ) : (
        function.service_config[0].environment_variables["LABELING_IMAGES"] == "gs://${google_storage_bucket.images.name}"
        && function.service_config[0].environment_variables["LABELING_COPIES"] == "gs://${google_storage_bucket.blurred[0].name}"
      )
    ])
    error_message = "The functions know the originals by name and the copies by place."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.trainer_reads_images.bucket == google_storage_bucket.blurred[0].name
      && google_storage_bucket_iam_member.trainer_sees_gate[0].bucket == google_storage_bucket.images.name
      && google_storage_bucket_iam_member.trainer_sees_gate[0].condition[0].expression == "resource.name == \"projects/_/buckets/${google_storage_bucket.images.name}/objects/privacy.json\""
    )
    error_message = "The trainer cuts versions of copies, and sees of the originals that there is a gate."
  }

  assert {
    condition = (
      google_storage_bucket_object.gate[0].bucket == google_storage_bucket.images.name
      && google_storage_bucket_object.gate[0].name == "privacy.json"
      && jsondecode(google_storage_bucket_object.gate[0].content) == { format = 1, copies = "gs://${google_storage_bucket.blurred[0].name}" }
    )
    error_message = "Whatever reads the images bucket must learn of the copies."
  }
}

run "the_job_reads_originals_and_writes_copies" {
  assert {
    condition = google_cloud_run_v2_job.blur[0].template[0].template[0].containers[0].args == tolist([
      "blur",
      "gs://${google_storage_bucket.images.name}",
      "--copies=gs://${google_storage_bucket.blurred[0].name}",
      "--warehouse=bq://team-videos.vidset",
      "--blur=faces:gs://team-models/faces/centerface.onnx#09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
      "--method=solid",
      "--limit=1000",
      "--workers=2",
      "--exit-zero",
    ])
    error_message = "The job must blur what the variable says."
  }

  assert {
    condition = (
      google_cloud_run_v2_job.blur[0].template[0].template[0].service_account == google_service_account.blur[0].email
      && google_cloud_run_v2_job.blur[0].template[0].template[0].containers[0].image == var.cloud_run_image
      && google_cloud_run_v2_job.blur[0].template[0].template[0].encryption_key == var.kms_key
      && google_cloud_run_v2_job.blur[0].template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC"
    )
    error_message = "It is an account of its own, and reaches Google's APIs alone."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.blur_reads_images[0].role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.blur_writes_copies[0].bucket == google_storage_bucket.blurred[0].name
      && google_storage_bucket_iam_member.blur_reads_model[0].bucket == "team-models"
      && google_storage_bucket_iam_member.blur_reads_model[0].condition[0].expression == "resource.name == \"projects/_/buckets/team-models/objects/faces/centerface.onnx\""
      && google_bigquery_dataset_iam_member.reads["blur"].member == google_service_account.blur[0].member
      && google_bigquery_dataset_iam_member.reads["blur"].role == "roles/bigquery.dataViewer"
    )
    error_message = "It changes copies and nothing else."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.blur[0].schedule == "*/30 * * * *"
      && google_cloud_scheduler_job.blur[0].http_target[0].uri == "https://run.googleapis.com/v2/projects/team-videos/locations/europe-west1/jobs/vidset-blur:run"
      && google_cloud_scheduler_job.blur[0].http_target[0].oauth_token[0].service_account_email == google_service_account.blur_timer[0].email
      && google_cloud_run_v2_job_iam_member.timer_blurs["blur"].member == google_service_account.blur_timer[0].member
      && output.blur_command != null
    )
    error_message = "Its timer, and a person, can start it."
  }

  assert {
    condition = (
      contains([for condition in google_monitoring_alert_policy.job_failed.conditions : condition.condition_threshold[0].filter],
      "resource.type = \"cloud_run_job\" AND resource.labels.job_name = \"vidset-blur\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\"")
      && strcontains(google_monitoring_alert_policy.held_back[0].conditions[0].condition_matched_log[0].filter, "resource.labels.job_name=\"vidset-blur\"")
    )
    error_message = "A run that failed is told, and so are images that could not be checked."
  }
}

run "copies_are_kept_as_images_are" {
  assert {
    condition = (
      google_storage_bucket.blurred[0].public_access_prevention == "enforced"
      && google_storage_bucket.blurred[0].uniform_bucket_level_access
      && google_storage_bucket.blurred[0].encryption[0].default_kms_key_name == var.kms_key
      && tolist(google_storage_bucket.blurred[0].cors[0].origin) == tolist(["https://labels.example.com"])
    )
    error_message = "Nobody but its readers gets at the copies, and Label Studio can draw them."
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.blurred[0], google_storage_bucket.images] : jsonencode([
        for rule in bucket.lifecycle_rule : [tolist(rule.condition)[0].age, tolist(rule.condition)[0].matches_suffix]
        if tolist(rule.action)[0].type == "Delete"
      ]) == "[[730,[\".jpg\"]]]"
    ])
    error_message = "Copies go with their originals; the gate itself stays."
  }

  assert {
    condition     = google_storage_bucket.blurred[0].soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "Copies that show too much cannot be had back."
  }
}

run "on_dataflow_as_well" {
  variables {
    ingest_engine = "dataflow"
    worker_image  = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = length(google_dataflow_flex_template_job.ingest) == 1 && length(google_cloud_run_v2_job.jobs) == 0 && length(google_cloud_run_v2_job.blur) == 1
    error_message = "Copies are made by a job on Cloud Run, whatever makes the images."
  }
}

run "without_the_gate" {
  variables {
    privacy_gate = null
  }

  assert {
    condition = (
      length(google_storage_bucket.blurred) == 0
      && length(google_storage_bucket_object.gate) == 0
      && length(google_cloud_run_v2_job.blur) == 0
      && length(google_service_account.blur) == 0
      && google_pubsub_subscription.images.topic == google_pubsub_topic.images.id
      && output.blur_command == null
      && !contains(keys(output.buckets), "blurred")
    )
    error_message = "Without the gate there is nothing of it."
  }

  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.reconcile :
      !contains(keys(function.service_config[0].environment_variables), "LABELING_COPIES")
      ]) && alltrue([
      for grant in google_storage_bucket_iam_member.labeling_reads_images : grant.bucket == google_storage_bucket.images.name
    ])
    error_message = "Without the gate the functions read images."
  }
}
