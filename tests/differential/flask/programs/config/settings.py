"""Read by the program `config_loaders`: its capital letters."""

NAME = "from a file"
NUMBER = 1 + 1
lower = "left out"
MixedCase = "left out"
