# Where Dataflow's workers run: without addresses of their own, so that they reach Google's APIs and
# nothing else. Their image has all that they need.

resource "google_compute_network" "workers" {
  #checkov:skip=CKV2_GCP_18:Nothing may come in: without rules that is so, and workers speak to Google's services alone (Streaming Engine, Dataflow Shuffle)
  name                    = "${var.name}-workers"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.enabled]
}

resource "google_compute_subnetwork" "workers" {
  name                     = "${var.name}-workers"
  network                  = google_compute_network.workers.id
  region                   = var.region
  ip_cidr_range            = "10.80.0.0/20"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}
