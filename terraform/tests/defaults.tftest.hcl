mock_provider "google" {}

variables {
  project = "kos-project"
}

run "one_zonal_cluster_of_four_nodes" {
  command = apply

  assert {
    condition     = google_container_cluster.this.name == "cloud-fighter-kube"
    error_message = "The cluster must be named cloud-fighter-kube."
  }
  assert {
    condition     = google_container_cluster.this.location == "europe-west1-b" && google_container_node_pool.this.location == "europe-west1-b"
    error_message = "The cluster and its nodes must be in europe-west1-b."
  }
  assert {
    condition     = google_container_node_pool.this.initial_node_count == 4
    error_message = "The cluster must begin with 4 nodes."
  }
  assert {
    condition = (
      google_container_node_pool.this.autoscaling[0].total_min_node_count == 1 &&
      google_container_node_pool.this.autoscaling[0].total_max_node_count == 4
    )
    error_message = "The pool must scale from 1 to 4 nodes."
  }
  assert {
    condition     = google_compute_subnetwork.this.region == "europe-west1"
    error_message = "The subnetwork must be in the zone's region."
  }
  assert {
    condition     = google_container_cluster.this.networking_mode == "VPC_NATIVE"
    error_message = "The cluster must be VPC-native."
  }
  assert {
    condition = (
      google_container_cluster.this.ip_allocation_policy[0].cluster_secondary_range_name == "pods" &&
      toset([for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name]) == toset(["pods", "services"])
    )
    error_message = "Pods and services must have the subnetwork's ranges."
  }
  assert {
    condition     = google_container_cluster.this.workload_identity_config[0].workload_pool == "kos-project.svc.id.goog"
    error_message = "Workload identity must be on."
  }
  assert {
    condition     = google_container_node_pool.this.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"
    error_message = "Pods must not get the nodes' rights."
  }
  assert {
    condition     = length(google_container_cluster.this.private_cluster_config) == 0 && length(google_compute_router_nat.this) == 0
    error_message = "Nodes must be public unless asked otherwise."
  }
  assert {
    condition     = output.get_credentials == "gcloud container clusters get-credentials cloud-fighter-kube --location europe-west1-b --project kos-project"
    error_message = "The command must name cluster, location and project."
  }
}

run "private_nodes_have_nat_and_a_control_plane_range" {
  command = apply

  variables {
    private_nodes       = true
    authorized_networks = { office = "203.0.113.7/32" }
  }

  assert {
    condition = (
      google_container_cluster.this.private_cluster_config[0].enable_private_nodes &&
      google_container_cluster.this.private_cluster_config[0].master_ipv4_cidr_block == "172.16.0.0/28"
    )
    error_message = "Nodes must be private."
  }
  assert {
    condition     = google_compute_router_nat.this[0].router == "cloud-fighter-kube"
    error_message = "Private nodes must reach Kafka by NAT."
  }
  assert {
    condition = [
      for block in google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks : block.cidr_block
    ] == ["203.0.113.7/32"]
    error_message = "Only the office may reach the control plane."
  }
}
