"""Prepared shards as batches and arrays."""
