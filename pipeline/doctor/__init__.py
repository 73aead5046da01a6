"""The checks of `latentforge doctor`, each with a remedy."""
