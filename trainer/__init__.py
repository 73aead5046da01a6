"""TFX user functions and the Keras models behind them.

hparams        configuration, standard library only
preprocessing  Transform's preprocessing_fn
inputs         what the trainer is given, checked against the settings
dataset        prepared shards -> batches of uint8 images
architectures  named encoder and decoder networks
losses         loss terms in nats an image; metrics: active units
vae            the VAE, base of the other families; models: family name -> class
callbacks      history, early stopping, TensorBoard curves; checkpoints: resume
progress       where training stands, for a terminal
export         the two SavedModels
run_fn         Trainer's run_fn: wiring only
"""
