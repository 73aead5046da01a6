"""Sends compiled pipelines to Vertex AI and Kubeflow, once or on a schedule."""
