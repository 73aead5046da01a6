"""One number or table a module: pure functions of arrays, with their sources.

docs/evaluation.md says what each means and where it stops being meaningful.
"""
