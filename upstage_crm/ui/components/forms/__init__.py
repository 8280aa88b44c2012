"""What people fill in: forms, inputs, choices."""
