output "name" {
  description = "The cluster's name."
  value       = google_container_cluster.this.name
}

output "location" {
  description = "The cluster's zone or region."
  value       = google_container_cluster.this.location
}

output "get_credentials" {
  description = "The command that lets kubectl and helm at the cluster."
  value       = "gcloud container clusters get-credentials ${google_container_cluster.this.name} --location ${google_container_cluster.this.location} --project ${var.project}"
}

output "endpoint" {
  description = "The control plane's address."
  value       = google_container_cluster.this.endpoint
}

output "workload_pool" {
  description = "The pool of identities that Kubernetes service accounts are members of."
  value       = google_container_cluster.this.workload_identity_config[0].workload_pool
}

output "node_service_account" {
  description = "The nodes' account: give it rights where they pull images from other projects."
  value       = google_service_account.nodes.email
}
