"""File formats, byte by byte: parsing and archives."""
