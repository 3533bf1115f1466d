"""A synthetic utility: seeded meter readings with known truth, for tests, benchmarks and a first look at Peakwise."""

from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.utility import SyntheticSummary, generate

__all__ = ["SyntheticOptions", "SyntheticSummary", "generate"]
