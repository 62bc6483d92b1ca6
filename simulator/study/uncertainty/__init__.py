"""How far a result can be trusted: every constant moved over its band, and what of the conclusions is left."""

from simulator.study.uncertainty.assessment import METRICS, Assessment, Band, Spread, assess, assess_in
from simulator.study.uncertainty.claims import Claim, claim, claims
from simulator.study.uncertainty.factors import Factor
from simulator.study.uncertainty.probe import Probe, Turn
from simulator.study.uncertainty.sensitivity import Sensitivity, sensitivity

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
