"""The formats of raw files, byte by byte: parsing and archives."""
