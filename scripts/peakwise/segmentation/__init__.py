"""Segments of customers with similar daily load shapes: K-means on standardised profiles, and a test of its worth."""

from peakwise.segmentation.accepting import Accepted, accept_candidates
from peakwise.segmentation.assigning import Assigned, assign_new_customers
from peakwise.segmentation.class_segmentation import ClassSegmentation, segment_class
from peakwise.segmentation.clustering import Segments, fit_segments
from peakwise.segmentation.profile_sets import ProfileChoice, profile_choice
from peakwise.segmentation.run import ClassSummary, SegmentationSummary, segment_customers
from peakwise.segmentation.settings import SegmentationSettings

__all__ = [
    "Accepted",
    "Assigned",
    "ClassSegmentation",
    "ClassSummary",
    "ProfileChoice",
    "SegmentationSettings",
    "SegmentationSummary",
    "Segments",
    "accept_candidates",
    "assign_new_customers",
    "fit_segments",
    "profile_choice",
    "segment_class",
    "segment_customers",
]
