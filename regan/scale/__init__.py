"""Work shared among processes, on one machine or on many, with Dask distributed; see docs/scaling.md.

A job is cut into items, each a pure function of network files and of the item alone. Their results are used in order.
So a result does not depend on the number of workers, nor on one that is lost, and is bit for bit that of the same
command without workers.
"""
