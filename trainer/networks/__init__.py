"""Builders of the named encoders, decoders and discriminators.

dense, conv, two_branch   published recipes
residual                  this project's own for 64x64
blocks                    inputs, condition and heads, the same in all of them

Every builder takes the image shape, the size of the latent and that of the condition (0: none);
`trainer.config.architectures` names them.
"""
