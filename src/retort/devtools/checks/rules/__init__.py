"""The rules of `retort check`, each module a group. They yield findings about a program."""
