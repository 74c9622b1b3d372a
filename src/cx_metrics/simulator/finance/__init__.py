"""Tariffs, outsourcers' contracts and invoices, and the ledger that agrees with it all."""
