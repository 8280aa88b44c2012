"""What staff read of orders, and what they do with one besides returns and exchanges."""
