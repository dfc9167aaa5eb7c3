"""Judge predictions: scores, intervals, calibration."""
