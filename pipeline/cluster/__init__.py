"""The graph on a cluster: compiled, priced, submitted, scheduled."""
