"""How a staff member proves who they are: passwords, factors, sessions, devices."""
