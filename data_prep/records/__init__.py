"""Records in shards: tf.Examples, their Arrow columns, key hashes, reading them back."""
