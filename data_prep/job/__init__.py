"""The preparation as a Beam job: plan, route, make shards, finalize."""
