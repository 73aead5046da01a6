"""The endings of encoded pictures that are read. Light, as configs ask for them."""

PICTURES = (
    ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp",
)  # fmt: skip
