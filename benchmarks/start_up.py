"""How long it takes from a command to its first result, and where the time goes.

    python benchmarks/start_up.py
    python benchmarks/start_up.py --random stylegan2:256 --random stylegan2:1024

Commands are measured as whole processes, and their peers are processes too: `python -c "import click"` for what prints
help, `python -c "import tensorflow"` for what draws. Peers and commands take turns, so that other load on the machine
slows both. The phases of the first image are those of one more process; reading the file's bytes is the limit of what
reading a network could take.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import common
import random_networks

from regan.base.command_errors import errors_in_one_line
from regan.networks import models

DEFAULT_NETWORK, DEFAULT_RANDOM = 'stylegan2-cars-64', 'stylegan2:1024'
REGAN = ['-m', 'regan.cli']
LIGHT, HEAVY = ['-c', 'import click'], ['-c', 'import tensorflow.compat.v1']
COLUMNS = [
    common.Column('command', 'command', '%-28.28s'),
    common.Column('seconds', 'seconds', '%7.2f'),
    common.Column('peer', 'peer_seconds', '%6.2f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
    common.Column('phases of the first image, seconds', 'phases_text', '%-s'),
]


FIGURES = [
    common.Figure('%(command)s', 'over_click', 'time over `import click`'),
    common.Figure('%(command)s', 'over_tensorflow', 'time over `import tensorflow`'),
    common.Figure(
        '%(command)s', 'over_goal', 'time over the goal (help 0.3 s, first 1024 x 1024 image 8 s)', 'at most 1'
    ),
]
GOALS = {
    'regan --help': 0.3,
    'generate stylegan2:1024': 8.0,
}  # Seconds; the second one for two cores and TensorFlow 1.15.


# ------------------------------------------------------------------ processes


def measure(label, words, peer, phases_of, repeats):
    """Times `python WORDS` and, in turn with it, its peer. Returns a dict, see COLUMNS."""
    runs = [(run(words), run(peer)) for _ in range(repeats)]
    seconds, peer_seconds = [min(one[i][0] for one in runs) for i in range(2)]
    phases = in_phases(phases_of) if phases_of else {}
    further = {'over_tensorflow' if peer == HEAVY else 'over_click': seconds / peer_seconds}
    if label in GOALS:
        further['over_goal'] = seconds / GOALS[label]
    return dict(
        further,
        command=label,
        seconds=seconds,
        peer_seconds=peer_seconds,
        ratio=seconds / peer_seconds,
        seconds_all=[one[0][0] for one in runs],
        peak_megabytes=max(one[0][1] for one in runs),
        phases=phases,
        phases_text=', '.join('%s %.2f' % phase for phase in phases.items()),
    )


def run(words):
    """(seconds, peak megabytes) of `python WORDS`."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, 'out'), 'w+') as out:
        process = subprocess.Popen(
            [sys.executable] + [word.replace('FOLDER', folder) for word in words], stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = status
        if status:
            out.seek(0)
            raise click.ClickException('python %s failed: %s' % (' '.join(words), out.read()[-500:]))
    return seconds, usage.ru_maxrss * (1 if sys.platform == 'darwin' else 1024) / 1e6


# ------------------------------------------------------------------ phases


def in_phases(path):
    """Seconds of each step from the start of a process to its first image, by name."""
    phases, begin = {}, time.perf_counter()

    def done(name):
        nonlocal begin
        phases[name] = time.perf_counter() - begin
        begin = time.perf_counter()

    import dnnlib.tflib  # noqa: F401

    done('import tensorflow')
    from regan.base import artefacts
    from regan.networks import generator, opening
    from regan.pictures import images
    from regan.sampling import latents

    done('import regan')
    Path(path).read_bytes()
    done('read (limit)')
    artefacts.sha256_file(path)
    done('hash')
    opening.generator_state(path)
    done('unpickle')
    with generator.Generator.open(path) as opened:
        done('open')  # Hash and unpickle again, and the graph.
        dlatents = latents.broadcast(opened.map(latents.from_seeds([1], opened.latent_size)), opened.num_layers)
        done('map')
        opened.synthesis_graph()
        done('freeze')
        first = opened.synthesize(dlatents)
        done('first image')
        opened.synthesize(dlatents)
        done('second image')
        with tempfile.TemporaryDirectory() as folder:
            images.save_png(Path(folder) / 'first.png', first[0])
        done('PNG')
    return phases


@common.command
@common.network_option
@random_networks.option
@common.options
def main(networks, randoms, repeats, out):
    """Time commands from their start: help, a look into a pickle, the first image.

    Without --network and --random: the embedded network, and StyleGAN2 (configuration F) at 1024 x 1024.
    """
    if not networks + randoms:
        networks, randoms = [DEFAULT_NETWORK], [DEFAULT_RANDOM]
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        paths = [(str(network), str(models.resolve(network))) for network in networks]
        paths += [(name, random_networks.make(folder, name, random_networks.write_all)) for name in randoms]
        common.run('start_up', COLUMNS, measure, _cases(paths, repeats), out, FIGURES)


def _cases(paths, repeats):
    helps = [
        ('regan --help', REGAN + ['--help']),
        ('regan edit --help', REGAN + ['edit', '--help']),
        ('regan edits list', REGAN + ['edits', 'list']),
    ]
    cases = [(label, words, LIGHT, None, repeats) for label, words in helps]
    for name, path in paths:
        stem = os.path.basename(name)
        cases.append(('info ' + stem, REGAN + ['info', path], LIGHT, None, repeats))
        cases.append(
            ('generate ' + stem, REGAN + ['generate', path, '--seeds', '1', '--out', 'FOLDER'], HEAVY, path, repeats)
        )
    return cases


if __name__ == '__main__':
    main()
