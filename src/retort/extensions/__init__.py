"""Parts of Retort that a program gets only if it uses them."""
