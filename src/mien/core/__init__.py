"""The shared words: errors, labels, tables, registry, settings, weights, sessions, workers."""
