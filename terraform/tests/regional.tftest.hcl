mock_provider "google" {}

variables {
  project = "kos-project"
}

run "a_regional_cluster_begins_with_as_many_nodes_over_its_zones" {
  command = apply

  variables {
    location = "us-central1"
    nodes    = { initial = 6, min = 3, max = 12 }
  }

  assert {
    condition     = google_container_node_pool.this.initial_node_count == 2
    error_message = "6 nodes over 3 zones are 2 in each."
  }
  assert {
    condition     = google_container_node_pool.this.autoscaling[0].total_max_node_count == 12
    error_message = "The bounds must be those of all zones."
  }
  assert {
    condition     = google_compute_subnetwork.this.region == "us-central1"
    error_message = "The subnetwork must be in the cluster's region."
  }
}
