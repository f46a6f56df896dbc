# What workflows on GitHub may do.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id           = "team-videos"
  github_repository    = "acme/videos"
  github_repository_id = "123456"
  state_bucket         = "team-state"
}

run "only_the_repository_gets_tokens" {
  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].attribute_condition == "assertion.repository_id == \"123456\" && assertion.repository == \"acme/videos\""
    error_message = "Every other repository on GitHub must be refused, also one that takes over the name."
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "Tokens must be GitHub's."
  }
}

run "pull_requests_plan_and_the_branch_pushes_the_image" {
  # By claims that are the same for old and new repositories, which `sub` is not.
  assert {
    condition = google_iam_workload_identity_pool_provider.github[0].attribute_mapping == tomap({
      "google.subject"       = "assertion.sub"
      "attribute.event_name" = "assertion.event_name"
      "attribute.ref"        = "assertion.ref"
    })
    error_message = "The bindings need these attributes."
  }

  assert {
    condition = (
      google_service_account_iam_member.github_acts["plan"].member == "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/attribute.event_name/pull_request"
      && google_service_account_iam_member.github_acts["plan"].service_account_id == google_service_account.github["plan"].name
    )
    error_message = "Pull requests may act as the plan's account."
  }

  assert {
    condition = (
      google_service_account_iam_member.github_acts["image"].member == "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/attribute.ref/refs/heads/main"
      && google_service_account_iam_member.github_acts["image"].service_account_id == google_service_account.github["image"].name
    )
    error_message = "Only what is on the branch may act as the image's account."
  }

  assert {
    condition = (
      google_artifact_registry_repository_iam_member.github_pushes[0].role == "roles/artifactregistry.writer"
      && google_artifact_registry_repository_iam_member.github_pushes[0].repository == google_artifact_registry_repository.images["beam"].name
    )
    error_message = "Who pushes the image writes to its repository."
  }

  assert {
    condition     = alltrue([for role in local.plan_roles : can(regex("([vV]iewer|[rR]eader|Reviewer|browser|serviceUsageConsumer)$", role))])
    error_message = "Who plans changes nothing."
  }

  assert {
    condition     = google_storage_bucket_iam_member.github_plan_reads_state[0].role == "roles/storage.objectViewer"
    error_message = "Who plans reads the state and writes nothing."
  }
}

run "another_branch" {
  variables {
    github_ref = "refs/heads/production"
  }

  assert {
    condition     = endswith(google_service_account_iam_member.github_acts["image"].member, "/attribute.ref/refs/heads/production")
    error_message = "The branch is the one that was named."
  }
}

run "a_pool_s_name_may_not_begin_as_google_s_own" {
  command = plan

  variables {
    name = "gcp-vid"
  }

  expect_failures = [var.name]
}
