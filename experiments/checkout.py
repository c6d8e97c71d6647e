"""The folders of a checkout that the scripts beside this file read and write unless they are told otherwise."""

import pathlib

PROJECT = pathlib.Path(__file__).resolve().parents[1]
NETWORKS = PROJECT / 'networks'
SPECS = PROJECT / 'experiments' / 'specs'
OUT = PROJECT / 'figures' / 'out'
REFERENCES = PROJECT / 'figures' / 'reference'
