"""Config -> DAG -> runners, and the command line."""
