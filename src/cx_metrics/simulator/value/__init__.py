"""What customers buy and give, and the campaigns that ask them to."""
