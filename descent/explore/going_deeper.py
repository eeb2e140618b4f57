"""Explorables of 08_going_deeper, from the modules that are named for their topics."""

from descent.explore.convolution import KernelOnImage
from descent.explore.dropout import DropoutMasks
from descent.explore.features import mosaic
from descent.explore.normalisation import ActivationHistograms
from descent.explore.uncertainty import PredictedVariance

__all__ = [
    "ActivationHistograms",
    "DropoutMasks",
    "KernelOnImage",
    "PredictedVariance",
    "mosaic",
]
