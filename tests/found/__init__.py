"""What people who run autoscaling reported on GitHub, said again as fleets: each with the right behaviour."""
