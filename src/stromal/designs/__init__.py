"""Operating characteristics of dose-finding designs: exact where they are finite, else simulated."""
