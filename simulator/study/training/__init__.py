"""A training step by its phases, what stays dense caps, and what a new mask costs. Start with `step.py`."""

from simulator.study.training.rebuild import Rebuild, rebuild_cost
from simulator.study.training.step import PHASES, Phase, StepStudy, phases_of, study_step

__all__ = ["PHASES", "Phase", "Rebuild", "StepStudy", "phases_of", "rebuild_cost", "study_step"]
