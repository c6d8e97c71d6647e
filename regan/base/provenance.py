"""What made an output: software and machine, for the sidecars."""

import platform
from pathlib import Path
from typing import Any, Dict

import regan
from regan.base.typing import PathLike


def software(backend: Dict[str, str]) -> Dict[str, str]:
    """The versions and the processor behind some numbers, as a dict of str for a sidecar.

    Args:
        backend: dict with the versions of 'tensorflow' and 'numpy', as `Generator.backend`.
    """
    return dict(
        backend,
        stack='tf' + backend['tensorflow'].split('.')[0],
        python=platform.python_version(),
        regan=regan.__version__,
        processor=_processor(),
    )


def made_by(command: str, network: PathLike, generator: Any) -> Dict[str, Any]:
    """The part of a sidecar that the commands on a network share.

    Args:
        command: its name.
        network: NETWORK as given.
        generator: open Generator; the class of a conditional one is among the facts.
    """
    return dict(
        software(generator.backend),
        command=command,
        network=str(network),
        network_sha256=generator.sha256,
        **label_facts(generator),
    )


def label_facts(generator: Any) -> Dict[str, Any]:
    """The class of a conditional generator, for a sidecar: {'label': its number, or None for a label of zeros}. Nothing
    for a network without classes.
    """
    return {'label': generator.label} if getattr(generator, 'label_size', 0) else {}


def _processor():
    """Name, model number and vector instructions: a cloud gives one name to processors that add in another order."""
    try:
        lines = Path('/proc/cpuinfo').read_text().split('\n\n')[0].splitlines()
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(':') for line in lines)}
        vectors = [flag for flag in ('avx', 'avx2', 'fma', 'avx512f') if flag in facts['flags'].split()]
        return ' '.join([facts['model name'], 'model', facts['model'], *vectors])
    except (OSError, KeyError):  # not Linux, or not x86
        return platform.processor() or platform.machine()
