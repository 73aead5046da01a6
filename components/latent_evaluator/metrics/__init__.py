"""The metrics by subject: pure functions of arrays with their sources, and what registers them.

registry    `@metric`: one declaration for metrics.json, table, verdict and docs
context     the model, images and codes that a metric is a function of
catalogue   imports every module of metrics

docs/evaluation.md says what each means and where it stops being meaningful.
"""
