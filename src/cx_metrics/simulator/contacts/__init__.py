"""Contacts: customers, their needs, the front door, queues, and the records that come of them."""
