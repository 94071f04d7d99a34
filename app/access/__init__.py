"""What people reach over HTTP: services of the virtual observatory, and the operators' console."""
