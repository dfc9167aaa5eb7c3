"""Encoders behind one interface: samples or words in, frames out."""
