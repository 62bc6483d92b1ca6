"""How far a result can be trusted: every constant moved over its band, and what of the conclusions is left. Start with `assessment.py`."""

from simulator.study.uncertainty.assessment import METRICS, Assessment, Band, Spread, assess, assess_in
from simulator.study.uncertainty.claims import Claim, Probe, Sensitivity, Turn, claim, claims, sensitivity
from simulator.study.uncertainty.factors import Factor

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
