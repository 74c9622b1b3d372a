"""How contacts felt, and what surveys, sentiment engines and social networks show of it."""
