"""TFX user functions and the Keras models behind them.

hparams        configuration, standard library only; gan_config: its adversarial part
beta           what a published weighting amounts to
preprocessing  Transform's preprocessing_fn
inputs         what the trainer is given, checked against the settings
dataset        prepared shards -> batches of uint8 images
architectures  the registry of networks; networks: their builders
losses         loss terms in nats an image; metrics: active units
vae            VAE and CVAE, base of all; autoencoder, vae_gan; models: name -> class
turns          who learns in a step of the GAN; players: its optimizers
replicas       several devices in one step; devices: which they are
schedules      learning rate and KL weight by epoch; warm_start: from an exported model
callbacks      history, early stopping, TensorBoard curves; checkpoints: resume
progress       where training stands, for a terminal
export         the two SavedModels; export_onnx: the decoder for others; description: what
               stands beside them; exported: their signatures on numpy arrays
pictures       what a training looks like: drawn by a callback, or for the generation verbs
generation     which codes and conditions are worth decoding, as pure functions
compilation    a model ready for training, and its weights ready for export
run_fn         Trainer's run_fn: wiring only
tuner_fn       Tuner's tuner_fn: wiring only; tuning: the search behind it
sliced_wasserstein, frechet, ranking  how far sets of points are apart, and how well scores tell
"""
