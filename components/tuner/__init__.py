"""The search for hyper-parameters as a node of the DAG, which keeps every trial."""
