"""Segments of customers with similar daily load shapes: K-means on standardised profiles, and a test of its worth."""

from peakwise.segmentation.assigning import Assigned, assign_new_customers
from peakwise.segmentation.class_segmentation import ClassSegmentation, segment_class
from peakwise.segmentation.clustering import Segments, fit_segments
from peakwise.segmentation.run import ClassSummary, SegmentationSummary, segment_customers

__all__ = [
    "Assigned",
    "ClassSegmentation",
    "ClassSummary",
    "SegmentationSummary",
    "Segments",
    "assign_new_customers",
    "fit_segments",
    "segment_class",
    "segment_customers",
]
