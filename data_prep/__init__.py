"""Raw files -> sharded tf.Examples and a manifest, as a Beam job.

No TensorFlow, TFX or Keras may be imported here: worker processes start in seconds
only because of that.
"""
