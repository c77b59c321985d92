"""The training loop, and models on disk."""
