"""A folder for PYTHONPATH: Python imports its `sitecustomize` before any script."""
