"""The preparation of data: raw files become sharded tf.Examples and a manifest, as a Beam job.

Rooms, each of which imports only those above it in this list:

- the modules at the top: configs (`config`, `config_base`), the registry of data sources
  (`source_registry`), names of features and files (`features`, `layout`), the manifest, spans
  and filesystems;
- `records`: shards and their records, from Arrow columns to tf.Examples and back;
- `formats`: file formats of raw data, byte by byte;
- `pixels`: rasterizing, decoding, resizing, statistics of images;
- `sources`: the built-in sources (`catalogue`) and the readers of their files;
- `job`: the preparation itself, from a plan to the manifest, and windows of spans.

`synthetic` writes drawings and faces with known factors and needs the top alone.

No TensorFlow, TFX or Keras may be imported here: worker processes start in seconds
only because of that.
"""
