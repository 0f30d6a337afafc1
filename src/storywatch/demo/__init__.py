"""The product shown at work: a composed news stream on loopback, and the real service following it."""
