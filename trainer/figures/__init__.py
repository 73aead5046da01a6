"""Figures of a model.

compose       the figures, as named rows of images; latent_walks: the codes that they decode
sheet         figures laid out as PNG, and as GIF; scatter: codes in the plane
callback      the figures of a training; examples: the images that it follows
"""
