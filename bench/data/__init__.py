"""Data sets that need no download, with training, validation and test apart."""
