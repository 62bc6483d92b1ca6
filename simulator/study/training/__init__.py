"""A training step by its phases, what stays dense caps, and what a new mask costs."""

from simulator.study.training.phases import PHASES, Phase, phases_of
from simulator.study.training.rebuild import Rebuild, rebuild_cost
from simulator.study.training.step import StepStudy, study_step

__all__ = ["PHASES", "Phase", "Rebuild", "StepStudy", "phases_of", "rebuild_cost", "study_step"]
