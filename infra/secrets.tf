# What functions must know and nobody else: the places for it. The values come by
# `gcloud secrets versions add` (outputs.tf has the commands), never through Terraform, whose state
# would keep them.

locals {
  vendor_secrets = {
    label-studio = {
      callback = ["LABEL_STUDIO_WEBHOOK_SECRET"]
      # Who sends tasks makes the webhook as well, which carries the secret.
      dispatch = concat(["LABEL_STUDIO_TOKEN"], local.takes_callbacks ? ["LABEL_STUDIO_WEBHOOK_SECRET"] : [])
    }
    scale = {
      callback = ["SCALE_CALLBACK_AUTH"]
      dispatch = ["SCALE_API_KEY"]
    }
  }

  # By function, the environment variables that are secrets. Answers are taken from former vendors too.
  secrets_of = {
    receive = toset(flatten([
      for vendor in setunion([var.labeling_vendor], var.labeling_former_vendors) :
      local.vendor_secrets[vendor].callback if local.takes_callbacks
    ]))
    reconcile = toset(local.vendor_secrets[var.labeling_vendor].dispatch)
    request   = toset(local.vendor_secrets[var.labeling_vendor].dispatch)
  }

  secret_readers = {
    for reader in flatten([
      for function, secrets in local.secrets_of :
      [for secret in secrets : { function = function, secret = secret }]
    ]) : "${reader.secret} ${reader.function}" => reader
  }
}

resource "google_secret_manager_secret" "labeling" {
  for_each = setunion(values(local.secrets_of)...)

  secret_id           = each.key
  deletion_protection = !var.allow_data_deletion

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key[*]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_secret_manager_secret_iam_member" "labeling" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.labeling[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.labeling[each.value.function].member
}
