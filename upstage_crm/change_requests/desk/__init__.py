"""What two staff members do for a patron at the desk: identify, and read a code."""
