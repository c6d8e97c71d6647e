"""Runs: a numbered folder per run with its settings, its log and, on request, its sources."""

from dnnlib.submission import run_context, submit
