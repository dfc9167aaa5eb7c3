"""Words as numbers: counts, lexicons and word vectors, each learned from training texts alone.

Every class here follows one contract, that of scikit-learn's transformers, so it stands in a `Pipeline` and
can be cloned: `fit(texts)` learns from training texts and returns itself; `transform(texts)` gives one row
per text, a SciPy CSR matrix or an array of float32; `names()` says what each column is. The same texts give
the same numbers, and a text without anything known gives a row of zeros.
"""
