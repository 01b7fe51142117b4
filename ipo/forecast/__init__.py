"""The listing day's high as a multiple of the offer price: least squares on what is known before listing.

The original's formula (seeds 4.3.2): sales, institutional competition and lock-up, each with a weight of its
own. Arrays in, frozen results out; a formula is a row of numbers beside the names of its inputs, never text
that is evaluated. Everything that could flatter a forecast stands beside it: its error on rows it has not
seen, the same of the plain median, and the interval.
"""

from ipo.forecast.deals import (
    FORMULA_NAMES,
    FORMULAS,
    LIMITS,
    ORIGINAL,
    Deal,
    Floats,
    LeftOut,
    kept_apart,
    limits_on,
    matrix,
    missing_inputs,
    usable,
)
from ipo.forecast.fitting import (
    FEWEST_ROWS,
    DependentInputs,
    Fit,
    ForecastError,
    TooFewRows,
    fit,
    fit_arrays,
    medians_of_the_others,
)
from ipo.forecast.predictions import CONFIDENCE, NoPrediction, Prediction, in_words, predict, student_quantile
from ipo.forecast.trials import FEWEST_TRIALS, Trial, choose, misses_of, trials

__all__ = [
    "CONFIDENCE",
    "FEWEST_ROWS",
    "FEWEST_TRIALS",
    "FORMULAS",
    "FORMULA_NAMES",
    "LIMITS",
    "ORIGINAL",
    "Deal",
    "DependentInputs",
    "Fit",
    "Floats",
    "ForecastError",
    "LeftOut",
    "NoPrediction",
    "Prediction",
    "TooFewRows",
    "Trial",
    "choose",
    "fit",
    "fit_arrays",
    "in_words",
    "kept_apart",
    "limits_on",
    "matrix",
    "medians_of_the_others",
    "misses_of",
    "missing_inputs",
    "predict",
    "student_quantile",
    "trials",
    "usable",
]
