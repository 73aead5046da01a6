"""Distances between sets of images and scores of classifiers."""
