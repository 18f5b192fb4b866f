"""Read which parts of the request a function uses."""
