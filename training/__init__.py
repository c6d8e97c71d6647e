"""Module names that scripts written for the official repositories import; the networks are in nvlabs_stylegan*."""
