"""From prediction files and a truth file to every number: joined by clip id, never by the order of rows."""

from training.evaluate.ensemble import ENSEMBLES, ensembles
from training.evaluate.evaluation import Evaluation, EvaluationOptions, evaluate, read_thresholds
from training.evaluate.levels import LEVELS, Level, at_level
from training.evaluate.numbers import ModelNumbers, PairNumbers, model_numbers, pair_numbers
from training.evaluate.predictions import (
    EvaluationError,
    Joined,
    Predictions,
    Truth,
    join,
    read_predictions,
    read_truth,
)

__all__ = [
    "ENSEMBLES",
    "LEVELS",
    "Evaluation",
    "EvaluationError",
    "EvaluationOptions",
    "Joined",
    "Level",
    "ModelNumbers",
    "PairNumbers",
    "Predictions",
    "Truth",
    "at_level",
    "ensembles",
    "evaluate",
    "join",
    "model_numbers",
    "pair_numbers",
    "read_predictions",
    "read_thresholds",
    "read_truth",
]
