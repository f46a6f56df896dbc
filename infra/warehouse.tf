# The warehouse: a BigQuery dataset with the tables and views of infra/schemas, which the jobs read too.

locals {
  table_layouts = jsondecode(file("${path.module}/schemas/tables.json"))
  view_files    = fileset("${path.module}/schemas/views/bigquery", "*.sql")
}

resource "google_bigquery_dataset" "warehouse" {
  #checkov:skip=CKV_GCP_81:Encrypted with the team's own key where there is one (var.kms_key)
  dataset_id                 = local.dataset_id
  description                = "Annotations, tasks, frames and videos."
  location                   = var.region
  delete_contents_on_destroy = var.allow_data_deletion
  max_time_travel_hours      = "168"

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.encrypting, google_project_service.enabled]
}

resource "google_bigquery_table" "tables" {
  #checkov:skip=CKV_GCP_80:Encrypted as the dataset says (var.kms_key)
  #checkov:skip=CKV_GCP_121:Protected unless var.allow_data_deletion says otherwise
  for_each = local.table_layouts

  dataset_id          = google_bigquery_dataset.warehouse.dataset_id
  table_id            = each.key
  schema              = file("${path.module}/schemas/${each.key}.json")
  clustering          = length(each.value.clustering) == 0 ? null : each.value.clustering
  deletion_protection = !var.allow_data_deletion

  dynamic "time_partitioning" {
    for_each = each.value.partitioned_by[*]

    content {
      type  = "DAY"
      field = time_partitioning.value
    }
  }

  dynamic "encryption_configuration" {
    for_each = var.kms_key[*]

    content {
      kms_key_name = encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "views" {
  #checkov:skip=CKV_GCP_80:A view stores nothing
  #checkov:skip=CKV_GCP_121:A view holds no data
  for_each = { for file in local.view_files : trimsuffix(file, ".sql") => file }

  dataset_id          = google_bigquery_dataset.warehouse.dataset_id
  table_id            = each.key
  deletion_protection = false

  view {
    # Character by character what the export job makes of it, or each would change the other's.
    query = templatefile("${path.module}/schemas/views/bigquery/${each.value}", {
      dataset = "${var.project_id}.${google_bigquery_dataset.warehouse.dataset_id}"
    })
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.tables]
}

# The jobs make tables of their own on the way (rows are loaded there, then added), and drop them.
resource "google_bigquery_dataset_iam_member" "writes" {
  for_each = local.job_accounts

  dataset_id = google_bigquery_dataset.warehouse.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value
}

resource "google_bigquery_dataset_iam_member" "reads" {
  for_each = merge(local.gate_account, {
    reconcile = google_service_account.labeling["reconcile"].member
    trainer   = google_service_account.trainer.member
  })

  dataset_id = google_bigquery_dataset.warehouse.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

# To run queries and loads at all; on what, the dataset's roles say.
resource "google_project_iam_member" "queries" {
  for_each = merge(local.job_accounts, local.gate_account, {
    reconcile = google_service_account.labeling["reconcile"].member
    trainer   = google_service_account.trainer.member
  })

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}
