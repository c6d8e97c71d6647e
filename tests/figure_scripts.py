"""The scripts of experiments/ and examples/ as modules, without running them."""

import importlib.util

import checkout


def script(name, folder='experiments'):
    location = importlib.util.spec_from_file_location(name, str(checkout.PROJECT / folder / (name + '.py')))
    module = importlib.util.module_from_spec(location)
    location.loader.exec_module(module)
    return module
