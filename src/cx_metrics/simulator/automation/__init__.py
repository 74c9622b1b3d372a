"""Bots, their sessions, the meters of technology, and what was invested in it."""
