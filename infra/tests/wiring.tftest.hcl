# What leads to what. Mocked ids are random, so that two that are equal are the same resource's.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id        = "team-videos"
  deploy_functions  = true
  deploy_jobs       = true
  functions_archive = "schemas/tables.json"
  ingest_options    = { every = "0.5" }
  labeling_options  = { LABEL_STUDIO_URL = "https://labels.example.com" }
  worker_image      = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "uploads_reach_the_ingest_job" {
  assert {
    condition = (
      google_storage_notification.uploads.bucket == google_storage_bucket.uploads.name
      && google_storage_notification.uploads.topic == google_pubsub_topic.uploads.id
      && google_storage_notification.uploads.event_types == toset(["OBJECT_FINALIZE"])
      && google_storage_notification.uploads.payload_format == "JSON_API_V1"
      && google_storage_notification.uploads.object_name_prefix == null
    )
    error_message = "Every finished upload must reach the topic, as the job reads it."
  }

  assert {
    condition     = google_pubsub_subscription.uploads.topic == google_pubsub_topic.uploads.id
    error_message = "The subscription must be the topic's."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].parameters["input_subscription"] == google_pubsub_subscription.uploads.id
    error_message = "The job must read the subscription."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].parameters["uploads_bucket"] == google_storage_bucket.uploads.name
    error_message = "The job must take the uploads of its bucket, and of no other that a message names."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].container_spec_gcs_path == "${output.template_folder}/${split("@sha256:", google_dataflow_flex_template_job.ingest[0].sdk_container_image)[1]}/ingest.json"
    error_message = "The job must be launched by the template of its workers' image."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].parameters["dead_letter_topic"] == google_pubsub_topic.dead_letters["uploads"].id
    error_message = "The job's dead letters must go to the uploads' topic."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].parameters["every"] == "0.5"
    error_message = "The job's options must reach it."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].service_account_email == google_service_account.ingest.email
    error_message = "The workers must be the ingest account."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].on_delete == "drain" && google_dataflow_flex_template_job.ingest[0].enable_streaming_engine
    error_message = "What is under way is finished before the job goes."
  }

  assert {
    condition     = google_dataflow_flex_template_job.ingest[0].ip_configuration == "WORKER_IP_PRIVATE" && google_compute_subnetwork.workers.private_ip_google_access
    error_message = "Workers have no addresses of their own, and reach Google's APIs all the same."
  }
}

run "images_reach_request_labeling_and_no_upload_does" {
  assert {
    condition = (
      google_storage_notification.images.bucket == google_storage_bucket.images.name
      && google_storage_notification.images.topic == google_pubsub_topic.images.id
      && google_pubsub_subscription.images.topic == google_pubsub_topic.images.id
      && google_storage_notification.images.event_types == toset(["OBJECT_FINALIZE"])
      && google_storage_notification.images.payload_format == "JSON_API_V1"
    )
    error_message = "Every image must reach its topic and subscription."
  }

  assert {
    condition     = google_pubsub_topic.images.id != google_pubsub_topic.uploads.id && google_storage_bucket.images.name != google_storage_bucket.uploads.name
    error_message = "Uploads and images are apart, or images would be taken for uploads."
  }

  assert {
    condition = (
      google_pubsub_subscription.images.push_config[0].push_endpoint == google_cloudfunctions2_function.request_labeling[0].service_config[0].uri
      && google_pubsub_subscription.images.push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.request_labeling[0].service_config[0].uri
      && google_pubsub_subscription.images.push_config[0].oidc_token[0].service_account_email == google_service_account.images_push.email
    )
    error_message = "Events must be pushed to request_labeling, with a token for it."
  }

  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.images_push_invokes[0].name == google_cloudfunctions2_function.request_labeling[0].name
      && google_cloud_run_v2_service_iam_member.images_push_invokes[0].member == google_service_account.images_push.member
    )
    error_message = "The token's account must be allowed to call it."
  }
}

run "what_cannot_be_used_is_kept" {
  assert {
    condition = alltrue([
      for subscription, kind in { uploads = "uploads", images = "images" } :
      { uploads = google_pubsub_subscription.uploads, images = google_pubsub_subscription.images }[subscription].dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letters[kind].id
    ])
    error_message = "Each subscription must have its own dead letters."
  }

  assert {
    condition = alltrue([
      for kind in ["exports", "images", "uploads"] :
      google_pubsub_subscription.dead_letters[kind].topic == google_pubsub_topic.dead_letters[kind].id
      && google_pubsub_subscription.dead_letters[kind].expiration_policy[0].ttl == ""
    ])
    error_message = "A topic of dead letters without a subscription loses them."
  }

  assert {
    condition = alltrue([
      for subscription in [google_pubsub_subscription.uploads, google_pubsub_subscription.images] :
      subscription.ack_deadline_seconds == 600
      && subscription.expiration_policy[0].ttl == ""
      && subscription.message_retention_duration == "2678400s"
      && subscription.retry_policy[0].minimum_backoff == "10s"
      && subscription.retry_policy[0].maximum_backoff == "600s"
      && subscription.dead_letter_policy[0].max_delivery_attempts == 100
    ])
    error_message = "Events wait for a month, back off, and are tried a hundred times."
  }

  assert {
    condition = (
      google_storage_notification.dead_letters.topic == google_pubsub_topic.dead_letters["exports"].id
      && google_storage_notification.dead_letters.bucket == google_storage_bucket.staging.name
      && local.export_parameters.dead_letters == "gs://${google_storage_bucket.staging.name}/${trimsuffix(google_storage_notification.dead_letters.object_name_prefix, "/")}"
    )
    error_message = "The exports' dead letters must be told of."
  }
}

run "timers_call_what_they_are_for" {
  assert {
    condition = alltrue([
      for name, timer in google_cloud_scheduler_job.reconcile :
      timer.http_target[0].uri == google_cloudfunctions2_function.reconcile[name].service_config[0].uri
      && timer.http_target[0].oidc_token[0].audience == timer.http_target[0].uri
      && timer.http_target[0].oidc_token[0].service_account_email == google_service_account.reconcile_timer.email
      && timer.http_target[0].http_method == "POST"
    ])
    error_message = "Each timer must call its function, with a token for it."
  }

  assert {
    condition     = { for name, timer in google_cloud_scheduler_job.reconcile : name => timer.schedule } == { reconcile = "*/15 * * * *", reconcile-ledger = "30 3 * * *" }
    error_message = "The loop is closed every 15 minutes, the ledger read once a day."
  }

  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.export[0].http_target[0].body)).launchParameter.containerSpecGcsPath == "${output.template_folder}/${split("@sha256:", var.worker_image)[1]}/export.json"
    error_message = "The export's timer must launch the template of its workers' image."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.export[0].http_target[0].oauth_token[0].service_account_email == google_service_account.export_timer.email
      && jsondecode(base64decode(google_cloud_scheduler_job.export[0].http_target[0].body)).launchParameter.environment.serviceAccountEmail == google_service_account.export.email
    )
    error_message = "The timer starts the export as its own account; the workers are the export's."
  }
}

run "answers_come_back" {
  assert {
    condition = alltrue([
      for function in concat(values(google_cloudfunctions2_function.reconcile), google_cloudfunctions2_function.request_labeling) :
      function.service_config[0].environment_variables["LABELING_CALLBACK_URL"] == google_cloudfunctions2_function.receive_annotation[0].service_config[0].uri
    ])
    error_message = "Vendors must be told where receive_annotation is."
  }

  assert {
    condition     = output.callback_url == google_cloudfunctions2_function.receive_annotation[0].service_config[0].uri
    error_message = "The callback's url must be told."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.receive_annotation[0].service_config[0].ingress_settings == "ALLOW_ALL"
      && alltrue([
        for function in concat(values(google_cloudfunctions2_function.reconcile), google_cloudfunctions2_function.request_labeling) :
        function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
      ])
    )
    error_message = "receive_annotation is for all, the others for Google's services alone."
  }
}

run "the_archive_is_named_by_its_content" {
  assert {
    condition     = google_storage_bucket_object.functions[0].name == "functions/labeling_task-${filesha256("schemas/tables.json")}.zip"
    error_message = "Another content must be another deployment."
  }
}
