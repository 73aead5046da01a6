"""Run a compiled pipeline once, on Vertex AI or Kubeflow Pipelines; see README.md."""

from pipeline.cluster.submit.commands import submit

if __name__ == "__main__":
    submit(prog_name="submit_run.py")
