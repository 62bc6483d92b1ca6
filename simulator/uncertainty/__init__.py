"""How far a result can be trusted: every constant moved over its band, and what of the conclusions is left."""

from simulator.uncertainty.assessment import METRICS, Assessment, assess, assess_in
from simulator.uncertainty.claims import Claim, claim, claims
from simulator.uncertainty.factors import Factor
from simulator.uncertainty.probe import Probe
from simulator.uncertainty.sensitivity import Sensitivity, sensitivity
from simulator.uncertainty.spread import Band, Spread
from simulator.uncertainty.turning import Turn

__all__ = [
    "METRICS",
    "Assessment",
    "Band",
    "Claim",
    "Factor",
    "Probe",
    "Sensitivity",
    "Spread",
    "Turn",
    "assess",
    "assess_in",
    "claim",
    "claims",
    "sensitivity",
]
