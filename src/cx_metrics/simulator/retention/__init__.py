"""Subscriptions: how they go on, end, and are saved."""
