"""What may be fetched: `address` judges IP addresses, `gate` judges URLs. Neither resolves a name."""
