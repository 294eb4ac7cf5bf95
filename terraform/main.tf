locals {
  regional = !can(regex("-[a-z]$", var.location))
  region   = local.regional ? var.location : replace(var.location, "/-[a-z]$/", "")

  # A regional cluster's node pool is in three zones of its region, and begins with so many nodes in each.
  zones = local.regional ? 3 : 1
}

resource "google_container_cluster" "this" {
  name     = var.name
  location = var.location

  network    = google_compute_network.this.id
  subnetwork = google_compute_subnetwork.this.id

  # The nodes are in a pool of their own, which can be changed without the cluster.
  remove_default_node_pool = true
  initial_node_count       = 1

  deletion_protection = var.deletion_protection
  resource_labels     = var.labels

  # VPC-native: pods have addresses of the network.
  networking_mode = "VPC_NATIVE"
  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  # Dataplane V2, which enforces network policies.
  datapath_provider = "ADVANCED_DATAPATH"

  release_channel {
    channel = var.release_channel
  }

  # Pods get rights by their Kubernetes service accounts, not by the nodes' or by keys.
  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  dynamic "private_cluster_config" {
    for_each = var.private_nodes ? [true] : []

    content {
      enable_private_nodes    = true
      enable_private_endpoint = false
      master_ipv4_cidr_block  = var.control_plane_cidr
    }
  }

  dynamic "master_authorized_networks_config" {
    for_each = length(var.authorized_networks) > 0 ? [true] : []

    content {
      dynamic "cidr_blocks" {
        for_each = var.authorized_networks

        content {
          display_name = cidr_blocks.key
          cidr_block   = cidr_blocks.value
        }
      }
    }
  }
}

# The nodes' own account, with what a node needs and no more.
resource "google_service_account" "nodes" {
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
}

resource "google_project_iam_member" "nodes" {
  for_each = toset(["roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"])

  project = var.project
  role    = each.value
  member  = "serviceAccount:${google_service_account.nodes.email}"
}

resource "google_container_node_pool" "this" {
  name     = "nodes"
  cluster  = google_container_cluster.this.id
  location = var.location

  initial_node_count = ceil(var.nodes.initial / local.zones)

  autoscaling {
    total_min_node_count = var.nodes.min
    total_max_node_count = var.nodes.max
    location_policy      = var.spot ? "ANY" : "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = var.machine_type
    disk_size_gb    = var.disk_size_gb
    disk_type       = "pd-balanced"
    spot            = var.spot
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    resource_labels = var.labels

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  lifecycle {
    # The autoscaler's business from then on: another value here would replace the pool.
    ignore_changes = [initial_node_count]
  }

  depends_on = [google_project_iam_member.nodes]
}
