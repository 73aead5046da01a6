"""Builders of the named encoders, decoders and discriminators.

dense, conv, two_branch   as the published recipes have them
residual                  this project's own for 64x64
joints                    how the condition and the two heads join any of them

Every builder takes the image shape, the size of the latent and that of the condition (0: none).
"""
