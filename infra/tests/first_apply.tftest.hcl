# The first apply, in an empty project: no image, no template, no archive, no secret has a value.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id = "team-videos"
}

run "nothing_is_started" {
  assert {
    condition     = length(google_dataflow_flex_template_job.ingest) == 0 && length(google_cloud_scheduler_job.export) == 0
    error_message = "Without an image and templates no job can start."
  }

  assert {
    condition = (
      length(google_cloudfunctions2_function.request_labeling)
      + length(google_cloudfunctions2_function.receive_annotation)
      + length(google_cloudfunctions2_function.reconcile)
      + length(google_storage_bucket_object.functions)
      + length(google_cloud_scheduler_job.reconcile)
    ) == 0
    error_message = "A function whose secrets have no version does not deploy: none may be tried."
  }

  assert {
    condition     = length(google_pubsub_subscription.images.push_config) == 0
    error_message = "Until request_labeling is there, events wait in the subscription."
  }
}

run "no_alert_needs_a_metric_that_is_just_made" {
  assert {
    condition     = length(google_monitoring_alert_policy.function_errors) + length(google_monitoring_alert_policy.reconcile_silent) + length(google_monitoring_alert_policy.unanswered_tasks) == 0
    error_message = "Cloud Monitoring refuses alerts on log-based metrics of less than ten minutes."
  }
}

run "places_are_there_to_be_filled" {
  assert {
    condition     = toset(keys(output.secret_commands)) == toset(["LABEL_STUDIO_TOKEN", "LABEL_STUDIO_WEBHOOK_SECRET"])
    error_message = "The vendor's secrets must be there, to get their values."
  }

  assert {
    condition     = output.template_folder == "gs://${google_storage_bucket.releases.name}/templates"
    error_message = "The templates' place must be known before a template is made."
  }

  assert {
    condition     = output.callback_url == null && output.export_command == null && output.github == null
    error_message = "What is not there has no name."
  }
}

run "nothing_optional_is_made" {
  assert {
    condition = (
      length(google_billing_budget.month)
      + length(google_kms_crypto_key_iam_member.encrypting)
      + length(google_iam_workload_identity_pool.github)
      + length(google_monitoring_notification_channel.email)
      + length(google_service_account.collectors)
    ) == 0
    error_message = "Budget, key, GitHub, mail and collectors are by request."
  }
}

# After the first apply: what was known stays known, or grants would be taken away and given again.
run "one_more_api_leaves_the_grants_alone" {
  command = plan

  variables {
    billing_account = "012345-6789AB-CDEF01"
  }

  assert {
    condition = alltrue([
      for grant in [google_pubsub_topic_iam_member.storage_publishes_images, google_pubsub_topic_iam_member.storage_publishes_uploads] :
      grant.member == local.storage_agent
    ])
    error_message = "Cloud Storage's account must be known before APIs are enabled."
  }
}
