"""The scripts of experiments/ as modules, without running them."""
import importlib.util

import checkout


def script(name):
    location = importlib.util.spec_from_file_location(name, str(checkout.PROJECT / 'experiments' / (name + '.py')))
    module = importlib.util.module_from_spec(location)
    location.loader.exec_module(module)
    return module
