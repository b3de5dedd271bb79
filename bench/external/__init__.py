"""Methods in other processes: the ask/tell protocol as JSON lines, child processes with limits, the jail.

docs/method-protocol.md describes the messages; `bench/data/method-protocol.schema.json` is their schema.
"""
