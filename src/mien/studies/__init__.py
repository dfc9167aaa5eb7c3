"""Run protocols over systems, features and corpora, and lay the results side by side."""
