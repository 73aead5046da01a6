"""The search for hyper-parameters.

space      which values may be tried, and how they enter the settings
config     the `tuner` section of a config; check: what it cannot ask of a model or of data
features   what `cfid` compares images by
objective  what is measured of a trial, and what makes one better than another
data       the fraction of the data that trials see, as arrays on disk
trial      one training in a process of its own; attributes: how well codes tell them apart
isolation  starting such a process, and what its death means
store      what each trial leaves behind; watch: telling a terminal about it
oracles    keras-tuner's algorithms, made to resume
search     keras-tuner's tuner over all that; flock: chief and workers as processes
"""
