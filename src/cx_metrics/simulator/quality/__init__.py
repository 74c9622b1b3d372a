"""Audits of conversations against a form."""
