"""What is known of compression recipes for the plan's hardware, model and load, and the leaves that rest on it.

A ratio is used in this order: the user's, measured on the target hardware, published for it, a roofline estimate.
What was measured on other hardware, or over another precision, is told and never used.
"""

from planner.compression_evidence.choosing import known_recipes, used
from planner.compression_evidence.known import Known
from planner.compression_evidence.leaves import COMPRESSION, compression_leaves, problems

__all__ = ["COMPRESSION", "Known", "compression_leaves", "known_recipes", "problems", "used"]
