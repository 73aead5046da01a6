"""TFX user functions and the Keras models behind them.

run_fn, tuner_fn, preprocessing   the three user functions: wiring only
config     the configuration, the registries and the table of hyper-parameters
data       prepared shards as batches and arrays; the inputs of a training, checked
networks   the builders of encoders, decoders and discriminators
models     the model families, their losses and metrics
training   compilation, optimizers, callbacks, checkpoints, trackers
export     SavedModels and ONNX, their metadata, and models loaded again
figures    images of models
measures   distances between sets of images, and the network whose features they compare
tuning     the search for hyper-parameters
"""
