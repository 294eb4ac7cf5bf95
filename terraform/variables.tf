variable "project" {
  description = "The Google Cloud project's id."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's id: 6 to 30 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash."
  }
}

variable "name" {
  description = "The cluster's name; what belongs to it is named after it."
  type        = string
  default     = "cloud-fighter-kube"

  validation {
    # The node pool's service account is named after it, which allows 30 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{3,22}[a-z0-9]$", var.name))
    error_message = "name must be 5 to 24 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash."
  }
}

variable "location" {
  description = "A zone, such as europe-west1-b, for a zonal cluster, or a region, such as europe-west1, for a regional one."
  type        = string
  default     = "europe-west1-b"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+(-[a-z])?$", var.location))
    error_message = "location must be a zone such as europe-west1-b, or a region such as europe-west1."
  }
}

variable "nodes" {
  description = "How many nodes the cluster begins with, and between which counts it scales; in a regional cluster over all its zones."
  type = object({
    initial = optional(number, 4)
    min     = optional(number, 1)
    max     = optional(number, 4)
  })
  default = {}

  validation {
    condition     = alltrue([for count in [var.nodes.initial, var.nodes.min, var.nodes.max] : count == floor(count)])
    error_message = "nodes must be whole numbers."
  }
  validation {
    condition     = var.nodes.min >= 0 && var.nodes.max >= 1 && var.nodes.max <= 1000
    error_message = "nodes.min must be at least 0, and nodes.max from 1 to 1000."
  }
  validation {
    condition     = var.nodes.min <= var.nodes.initial && var.nodes.initial <= var.nodes.max
    error_message = "nodes must be in order: min <= initial <= max."
  }
}

variable "machine_type" {
  description = "The nodes' machine type."
  type        = string
  default     = "e2-standard-2"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.machine_type))
    error_message = "machine_type must be a machine type such as e2-standard-2."
  }
}

variable "disk_size_gb" {
  description = "The size of a node's disk in GB."
  type        = number
  default     = 50

  validation {
    condition     = var.disk_size_gb >= 20 && var.disk_size_gb <= 65536 && var.disk_size_gb == floor(var.disk_size_gb)
    error_message = "disk_size_gb must be a whole number from 20 to 65536."
  }
}

variable "spot" {
  description = "Whether the nodes are spot machines: far cheaper, and taken away at any time."
  type        = bool
  default     = false
}

variable "private_nodes" {
  description = "Whether the nodes have no public addresses; they then reach the internet (Kafka in the cloud) by Cloud NAT."
  type        = bool
  default     = false
}

variable "control_plane_cidr" {
  description = "The control plane's range, with private nodes: a /28 that nothing else uses."
  type        = string
  default     = "172.16.0.0/28"

  validation {
    condition     = can(cidrhost(var.control_plane_cidr, 0)) && endswith(var.control_plane_cidr, "/28")
    error_message = "control_plane_cidr must be an IPv4 range of 16 addresses such as 172.16.0.0/28."
  }
}

variable "authorized_networks" {
  description = "Who may reach the control plane, by name: ranges such as 203.0.113.7/32. Empty: everybody with credentials."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for cidr in values(var.authorized_networks) : can(cidrhost(cidr, 0))])
    error_message = "authorized_networks must be ranges by name, such as { office = \"203.0.113.7/32\" }."
  }
}

variable "ranges" {
  description = "The ranges of the cluster's own network: nodes, pods and services, which must not overlap."
  type = object({
    nodes    = optional(string, "10.10.0.0/20")
    pods     = optional(string, "10.20.0.0/16")
    services = optional(string, "10.30.0.0/20")
  })
  default = {}

  validation {
    condition     = alltrue([for cidr in values(var.ranges) : can(cidrnetmask(cidr))])
    error_message = "ranges must be IPv4 ranges such as 10.10.0.0/20."
  }
}

variable "release_channel" {
  description = "How soon the cluster is upgraded: RAPID, REGULAR or STABLE."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE"], var.release_channel)
    error_message = "release_channel must be RAPID, REGULAR or STABLE."
  }
}

variable "deletion_protection" {
  description = "Whether `terraform destroy` is refused."
  type        = bool
  default     = false
}

variable "labels" {
  description = "Labels of the cluster and its nodes."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63, the keys beginning with a letter."
  }
}
