"""Multi-domain applications: one model and one team sell yearly contracts in several trades, entered one by one.

A figure of each domain is `(domains, draws)`; what other figures of the company read is summed. The demand of a domain
swings with what is common to all (the company's demand shock) and with shocks of its own.
"""

from planner.strategies.multi_domain import books, demand, economics
from planner.strategies.multi_domain.inputs import Inputs

__all__ = ["Inputs", "books", "demand", "economics"]
