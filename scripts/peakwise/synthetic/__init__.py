"""A synthetic utility: readings and all beside them, seeded, with known truth, for tests, benchmarks and a first look."""

from peakwise.synthetic.options import SyntheticOptions
from peakwise.synthetic.utility import SyntheticSummary, generate

__all__ = ["SyntheticOptions", "SyntheticSummary", "generate"]
