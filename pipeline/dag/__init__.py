"""The nodes of the DAG."""
