"""Bad input: rows that come twice, late, incomplete or wrong, and the list of them."""
