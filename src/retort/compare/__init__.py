"""``retort compare``: the same requests to a program under Flask and under Retort.

`sides` starts the program several times. `walk` and `recordings` produce the requests, and `client`
sends them. `equality` compares the responses, `noise` masks what differs between two equal sides,
`known` explains documented differences, `measure` compares the cost, and `report` shows the result.
`run` connects them; only the command imports this package.
"""
