"""Torch back ends that give `prediction` its predictors, one file per prefix of `--model`."""
