"""One pass over a split on Beam: scores of images and moments of codes, in sums that merge."""
