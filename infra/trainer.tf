# Who cuts dataset versions and trains: reads images (images.tf) and the warehouse (warehouse.tf), and
# writes to the datasets bucket (datasets.tf).

resource "google_service_account" "trainer" {
  account_id   = "${var.name}-trainer"
  display_name = "Cuts dataset versions and trains"
  depends_on   = [google_project_service.enabled]
}

# People act as it; there is no key.
resource "google_service_account_iam_member" "acts_as_trainer" {
  for_each = var.trainer_members

  service_account_id = google_service_account.trainer.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.key
}
