terraform {
  # Validations that refer to other variables came with 1.9.
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

# The credentials are those of `gcloud auth application-default login`, or of the workload this runs in: no key file.
provider "google" {
  project = var.project
  region  = local.region
}
