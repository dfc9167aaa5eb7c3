"""One predictor interface, its ONNX back end, and `analyze`: recordings in, prediction table out."""
