"""Shapes of customers' days: K-means on customer-days divided by their total, and every day's nearest shape."""

from peakwise.day_shapes.run import DayShapesSummary, cluster_day_shapes
from peakwise.day_shapes.settings import DEFAULT_K, DEFAULT_SEED, DayShapesSettings

__all__ = ["DEFAULT_K", "DEFAULT_SEED", "DayShapesSettings", "DayShapesSummary", "cluster_day_shapes"]
