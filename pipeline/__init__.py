"""The pipeline: config -> DAG -> runners, and the command line."""
