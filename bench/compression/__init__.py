"""Smaller forms of a trained model."""
