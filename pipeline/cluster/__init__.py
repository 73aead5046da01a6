"""The same graph on Kubeflow Pipelines and Vertex AI: compiled, priced, submitted, scheduled."""
