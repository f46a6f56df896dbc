# Who records videos: an account for each collector, which may create objects under its own prefix of
# the uploads bucket, look at these, and nothing else: neither list, replace nor delete any.

locals {
  # Accounts have names of at most 30 characters, lower case; collectors' ids may be longer. The
  # hash keeps two that look alike apart.
  collector_accounts = {
    for id in var.collectors : id => format(
      "%s-c-%s-%s",
      var.name,
      trim(substr(replace(lower(id), "/[^a-z0-9]+/", "-"), 0, 12), "-"),
      substr(sha256(id), 0, 6),
    )
  }

  collector_members = {
    for pair in flatten([
      for id, members in var.collector_members :
      [for member in members : { id = id, member = member }]
    ]) : "${pair.id} ${pair.member}" => pair
  }
}

resource "google_service_account" "collectors" {
  for_each = local.collector_accounts

  account_id   = each.value
  display_name = "Collector ${each.key}"
  depends_on   = [google_project_service.enabled]
}

# After an upload the uploader compares the checksum; before, it asks whether the video is there.
resource "google_project_iam_custom_role" "uploader" {
  role_id     = "${replace(var.name, "-", "_")}_uploader"
  title       = "Uploader of ${var.name}"
  description = "May create objects and read them."
  permissions = ["storage.objects.create", "storage.objects.get"]
  depends_on  = [google_project_service.enabled]
}

resource "google_storage_bucket_iam_member" "collectors_upload" {
  for_each = google_service_account.collectors

  bucket = google_storage_bucket.uploads.name
  role   = google_project_iam_custom_role.uploader.name
  member = each.value.member

  condition {
    title      = "own prefix"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.uploads.name}/objects/${each.key}/\")"
  }
}

# Machines and people act as a collector; there is no key.
resource "google_service_account_iam_member" "acts_as_collector" {
  for_each = local.collector_members

  service_account_id = google_service_account.collectors[each.value.id].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value.member
}
