mock_provider "google" {}

variables {
  project = "kos-project"
}

run "project_is_refused" {
  command = plan

  variables {
    project = "Not A Project"
  }

  expect_failures = [var.project]
}

run "name_is_refused" {
  command = plan

  variables {
    name = "Cloud_Fighter"
  }

  expect_failures = [var.name]
}

run "name_too_long_is_refused" {
  command = plan

  variables {
    name = "a-name-of-more-than-24-chars"
  }

  expect_failures = [var.name]
}

run "location_is_refused" {
  command = plan

  variables {
    location = "Belgium"
  }

  expect_failures = [var.location]
}

run "nodes_out_of_order_is_refused" {
  command = plan

  variables {
    nodes = { initial = 1, min = 2, max = 4 }
  }

  expect_failures = [var.nodes]
}

run "nodes_above_the_bound_is_refused" {
  command = plan

  variables {
    nodes = { initial = 5 }
  }

  expect_failures = [var.nodes]
}

run "nodes_not_whole_is_refused" {
  command = plan

  variables {
    nodes = { initial = 1.5 }
  }

  expect_failures = [var.nodes]
}

run "nodes_none_at_most_is_refused" {
  command = plan

  variables {
    nodes = { initial = 0, min = 0, max = 0 }
  }

  expect_failures = [var.nodes]
}

run "machine_type_is_refused" {
  command = plan

  variables {
    machine_type = "big"
  }

  expect_failures = [var.machine_type]
}

run "disk_size_gb_is_refused" {
  command = plan

  variables {
    disk_size_gb = 5
  }

  expect_failures = [var.disk_size_gb]
}

run "control_plane_cidr_is_refused" {
  command = plan

  variables {
    control_plane_cidr = "172.16.0.0/24"
  }

  expect_failures = [var.control_plane_cidr]
}

run "authorized_networks_is_refused" {
  command = plan

  variables {
    authorized_networks = { office = "203.0.113.7/33" }
  }

  expect_failures = [var.authorized_networks]
}

run "ranges_is_refused" {
  command = plan

  variables {
    ranges = { pods = "10.20.0.0" }
  }

  expect_failures = [var.ranges]
}

run "release_channel_is_refused" {
  command = plan

  variables {
    release_channel = "regular"
  }

  expect_failures = [var.release_channel]
}

run "labels_is_refused" {
  command = plan

  variables {
    labels = { Team = "kos" }
  }

  expect_failures = [var.labels]
}
