"""The search for hyper-parameters.

config         the `tuner` section of a config: the space, the search, and its checks
objective      the metrics of a trial, and what makes one better than another
search         keras-tuner's tuner, whose trials are processes
oracles        keras-tuner's algorithms, made to resume and to know of noise
repeats        the best trials again with other seeds, handed out by the oracles
selection      means, standard errors, and the choice of the simplest of equals
distributed    chief and workers as processes of one machine; worker: one of them
trial          one training in a process of its own; trial_process: starting such a process
trial_data     the fraction of the data that trials use, as arrays on disk
trial_store    the files that each trial leaves behind
monitor        progress for a terminal, from those files
train_feature_network   the network by whose features `cfid` compares images
"""
