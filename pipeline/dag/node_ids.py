"""The ids of nodes that more than one module names.

They are also names of folders below `artifacts/` and keys of `cluster.nodes` and of summary.json.
"""

EXAMPLE_PREPARATION = "ExamplePreparation"
PREPARED_EXAMPLES = "PreparedExamples"  # the importer of data prepared before
LATEST_BLESSED_MODEL = "LatestBlessedModel"
TUNER = "Tuner"
BEST_HYPERPARAMETERS = "BestHyperparameters"  # the importer of an earlier search's result
TRAINER = "Trainer"
SPAN_DRIFT = "SpanDrift"
