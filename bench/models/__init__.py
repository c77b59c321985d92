"""The models that the bench trains and measures."""
