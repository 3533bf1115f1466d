"""Segments of customers with similar daily load shapes: K-means on standardised profiles, and a test of its worth."""

from peakwise.segmentation.class_segmentation import ClassSegmentation, segment_class
from peakwise.segmentation.clustering import Segments, fit_segments
from peakwise.segmentation.run import ClassSummary, SegmentationSummary, segment_customers

__all__ = [
    "ClassSegmentation",
    "ClassSummary",
    "SegmentationSummary",
    "Segments",
    "fit_segments",
    "segment_class",
    "segment_customers",
]
