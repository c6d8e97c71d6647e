"""The network zoo: worlds -> data sets -> training -> metrics -> cards. Every step is a `regan` command, printed before
it runs.

python experiments/zoo.py build [NAME ...]   train the networks again, into build/zoo/ (hours to days)
python experiments/zoo.py judge [NAME ...]   measure the networks in networks/, draw their samples, write their cards
python experiments/zoo.py readers [WORLD ...] measure what the factor readers read, and what can be seen at all
python experiments/zoo.py smoke              the whole path on a toy network, in a minute
"""

import dataclasses
import json
import math
import pathlib
import shlex
import shutil

import click
from checkout import NETWORKS, PROJECT, SPECS

from regan import cli
from regan.base import artefacts, json_records, tables
from regan.base.command_errors import errors_in_one_line
from regan.base.errors import UserError
from regan.metrics import visibility

BUILD = PROJECT / 'build' / 'zoo'
SPEC = SPECS / 'zoo.json'
READINGS, READINGS_SEED = 300, 1000  # Fresh renders behind the numbers of readers.md, and their seed.
ORIGINS = {
    'ours': 'Trained from scratch for %s thousand images with `regan train`.',
    'other': 'Trained for %s thousand images with a PyTorch program of ours that has the same parametrisation, and '
    'exported to the official form.',
}


def regan(*words):
    """Runs a command of `regan` in this process."""
    words = [str(word) for word in words]
    click.echo('$ regan ' + ' '.join(shlex.quote(word) for word in words))
    cli.main(words, standalone_mode=False)


def load_spec(names=()):
    """The spec with only the networks named; all if none is."""
    spec = json_records.load(SPEC)
    unknown = sorted(set(names) - set(spec['networks']))
    if unknown:
        raise UserError('there is no network %s in the zoo; it has %s' % (unknown[0], ', '.join(spec['networks'])))
    spec['networks'] = {name: entry for name, entry in spec['networks'].items() if not names or name in names}
    return spec


def reader_of(world):
    return NETWORKS / ('factor-reader-%s-64.pkl' % world)


# ------------------------------------------------------------------ build


def build(spec, precision):
    """Trains every network of the spec; what is done already is not done again."""
    for name, entry in spec['networks'].items():
        data = BUILD / 'data' / entry['world']
        if not data.exists():
            size = spec['data']
            regan(
                'dataset',
                'create',
                data,
                '--world',
                entry['world'],
                '--n',
                size['n'],
                '--resolution',
                size['resolution'],
                '--seed',
                size['seed'],
            )
        reader = BUILD / reader_of(entry['world']).name
        if not reader.exists():
            regan('reader', '--data', data, '--out', reader)
        run = BUILD / 'runs' / name
        if not (run / 'network-final.pkl').exists():
            regan(
                'train',
                *spec['train'],
                *entry['train'],
                '--precision',
                precision,
                '--data',
                data,
                '--out',
                run,
                '--kimg',
                entry['kimg'],
            )
        regan('metrics', run / 'network-final.pkl', *_metrics(spec, data, reader), '--out', run / 'metrics.json')


def _metrics(spec, data, reader):
    return ['--metrics', spec['metrics']['names'], '--n', spec['metrics']['n'], '--data', data, '--reader', reader]


# ------------------------------------------------------------------ judge


def judge(spec):
    """Metrics, sample grid and card of every network that is there."""
    for name, entry in spec['networks'].items():
        pickle = NETWORKS / (name + '.pkl')
        regan(
            'metrics',
            pickle,
            *_metrics(spec, 'world:' + entry['world'], reader_of(entry['world'])),
            '--out',
            NETWORKS / 'metrics' / (name + '.json'),
        )
        _draw_samples(name, pickle)
        _write_card(spec, name, entry)
    _write_index()


def _draw_samples(name, pickle):
    """32 seeds at psi 0.7, stored noise, enlarged twice: networks/NAME.png."""
    from regan.networks.generator import Generator
    from regan.pictures import images
    from regan.sampling import latents

    with Generator.open(pickle) as generator:
        w = generator.map(latents.from_seeds(range(32), generator.latent_size))
        dlatents = latents.truncate(latents.broadcast(w, generator.num_layers), generator.dlatent_avg, 0.7)
        tiles = generator.synthesize(dlatents)
    tiles = images.enlarge(tiles, 2)
    images.save_png(NETWORKS / (name + '.png'), images.grid(tiles.reshape((4, 8) + tiles.shape[1:])))


def _write_card(spec, name, entry):
    values = _values(name)
    recipe = ' '.join(spec['train'] + entry['train'] + ['--precision', 'bf16'])
    lines = [
        '# ' + name,
        '',
        '![32 samples at psi 0.7](%s.png)' % name,
        '',
        ORIGINS[entry['origin']] % entry['kimg'] + ' Licence: Apache-2.0.',
        '',
        entry['note'],
        '',
        '| | |',
        '|---|---|',
        '| data | %(n)d renders of the world `' % spec['data']
        + entry['world']
        + '`, %(resolution)d x %(resolution)d, seed %(seed)d |' % spec['data'],
        '| %s | `regan train %s` |' % ({'ours': 'recipe', 'other': 'its recipe, as ours'}[entry['origin']], recipe),
        '| kimg | %s |' % entry['kimg'],
        '| SHA-256 | `%s` |' % artefacts.sha256_file(NETWORKS / (name + '.pkl')),
        '',
    ]
    rows = [
        {'metric': metric, 'value': '%.4g' % value, 'standard error': None if error is None else '%.2g' % error}
        for metric, (value, error) in values.items()
    ]
    lines += tables.markdown(rows).splitlines()
    lines += [
        '',
        'Metrics are of %d images without truncation against fresh renders of the world, judged by '
        '[its factor reader](factor-reader-%s-64.pkl): `frechet_reader` is not the FID.'
        % (spec['metrics']['n'], entry['world']),
    ]
    write(NETWORKS / (name + '.md'), lines)


def _values(name):
    """metric -> (value, standard error or None), as they were measured."""
    results = json_records.load(NETWORKS / 'metrics' / (name + '.json'))['results']
    return {result['metric']: (result['value'], result['standard_error']) for result in results}


def _write_index():
    """networks/table.md: all networks side by side."""
    spec = load_spec()
    names = [name for name in spec['networks'] if (NETWORKS / 'metrics' / (name + '.json')).exists()]
    values = {name: _values(name) for name in names}
    metrics = list(dict.fromkeys(metric for found in values.values() for metric in found))
    rows = [_index_row(name, spec['networks'][name], values[name], metrics) for name in names]
    lines = ['# The zoo, measured', ''] + tables.markdown(rows).splitlines()
    lines += ['', 'What the factor readers read, and what can be seen at all: [readers.md](readers.md).']
    write(NETWORKS / 'table.md', lines)


def _index_row(name, entry, values, metrics):
    origin = {'ours': 'ours', 'other': 'PyTorch'}[entry['origin']]
    return dict(
        {'network': '[%s](%s.md)' % (name, name), 'kimg': entry['kimg'], 'origin': origin},
        **{metric: '%.4g' % values[metric][0] if metric in values else None for metric in metrics},
    )


# ------------------------------------------------------------------ readers


def measure_readers(worlds):
    """networks/readers.md, from networks/metrics/factor-reader-WORLD-64.json, which are made again for the worlds
    named.
    """
    for name in worlds:
        _measure_reader(name)
    lines = [
        '# The factor readers, measured',
        '',
        "R2 is the share of a factor's variance that is read from fresh renders. *Change* is what half the factor's "
        "range changes, in levels of 255 "
        '(root mean square over an image). *Visible* is the share of the images where that is more than %g levels. A '
        'factor that shows in %d %% '
        'of them counts as visible, and should be read with an R2 of 0.9.'
        % (visibility.VISIBLE, 100 * visibility.MOST),
        '',
    ]
    for world in _worlds():
        path = _readings_path(world)
        if path.exists():
            lines += _reader_lines(world, json_records.load(path))
    write(NETWORKS / 'readers.md', lines)


def _worlds():
    return list(dict.fromkeys(entry['world'] for entry in load_spec()['networks'].values()))


def _readings_path(world):
    return NETWORKS / 'metrics' / (reader_of(world).stem + '.json')


def _measure_reader(name):
    import tqdm

    from regan import worlds
    from regan.base import provenance
    from regan.judges.reader import FactorReader
    from regan.networks.opening import backend

    world = worlds.load(name)
    with FactorReader(reader_of(name)) as reader:
        with tqdm.tqdm(
            total=READINGS * (len(world.factors) + 1), desc=name, unit=' images', leave=False, disable=None
        ) as bar:
            found = visibility.readings(
                world, reader.read, reader.circular, READINGS, READINGS_SEED, reader.resolution, bar.update
            )
        facts = dict(
            reader=reader.sha256,
            renderer=worlds.RENDERER_VERSION,
            n=READINGS,
            seed=READINGS_SEED,
            software=provenance.software(backend()),
        )
    artefacts.write_json(_readings_path(name), dict(facts, readings=[dataclasses.asdict(reading) for reading in found]))


def _reader_lines(world, record):
    found = sorted((visibility.Reading(**reading) for reading in record['readings']), key=lambda reading: -reading.r2)
    rows = [
        {
            'factor': reading.name,
            'change': '%.1f' % reading.change,
            'visible': '%.0f %%' % (100 * reading.share),
            'R2': '%.3f' % reading.r2,
            'R2 where visible': None if reading.visible_r2 is None else '%.3f' % reading.visible_r2,
            '': 'missed' if reading.visible and reading.r2 < 0.9 else None,
        }
        for reading in found
    ]
    lines = ['## ' + world, ''] + tables.markdown(rows).splitlines()
    visible = [reading for reading in found if reading.visible]
    return lines + [
        '',
        '%d images. Of %d visible factors %d are read with an R2 of at least 0.9.'
        % (record['n'], len(visible), sum(reading.r2 >= 0.9 for reading in visible)),
        '',
    ]


def write(path, lines):
    artefacts.write_text(path, '\n'.join(lines) + '\n')
    click.echo('wrote %s' % path)


# ------------------------------------------------------------------ smoke


def smoke(folder):
    """World -> TFRecords -> ten minibatches -> snapshot -> ten more -> metrics. Raises UserError where a step left
    nothing sound.
    """
    shutil.rmtree(str(folder), ignore_errors=True)
    data, run, numbers = folder / 'data', folder / 'run', folder / 'metrics.json'
    regan('dataset', 'create', data, '--world', 'cars', '--n', 64, '--resolution', 64, '--seed', 1)
    for kimg in (0.08, 0.16):
        regan(
            'train',
            '--network',
            'stylegan2',
            '--data',
            data,
            '--out',
            run,
            '--kimg',
            kimg,
            '--minibatch',
            8,
            '--latent-size',
            16,
            '--dlatent-size',
            16,
            '--mapping-fmaps',
            16,
            '--fmap-base',
            128,
            '--fmap-max',
            16,
            '--path-length-weight',
            0,
            '--tick-kimg',
            0.04,
            '--network-ticks',
            4,
            '--reader',
            reader_of('cars'),
            '--metric-images',
            16,
        )
    regan(
        'metrics',
        run / 'network-final.pkl',
        '--metrics',
        'frechet,pr',
        '--n',
        64,
        '--data',
        data,
        '--reader',
        reader_of('cars'),
        '--out',
        numbers,
    )
    shown = [float(row['kimg']) for row in tables.read_csv(run / 'log.csv')]
    values = [result['value'] for result in json.loads(numbers.read_text())['results']]
    if shown != [0.04, 0.08, 0.12, 0.16] or len(values) != 3 or not all(map(math.isfinite, values)):
        raise UserError(
            '%s holds the ticks %s and the metrics %s; expected four ticks to 0.16 kimg and three numbers'
            % (folder, shown, values)
        )
    click.echo('worlds, data set, training, resumption and metrics work')


# ------------------------------------------------------------------ command line


@click.group()
def main():
    """The network zoo."""


@main.command('build')
@click.argument('names', nargs=-1)
@click.option(
    '--precision',
    type=click.Choice(['float32', 'bf16']),
    default='float32',
    show_default=True,
    help='bf16 needs TensorFlow 2.',
)
def build_command(names, precision):
    """Train the networks named, or all, into build/zoo/; an interrupted run goes on."""
    with errors_in_one_line():
        build(load_spec(names), precision)


@main.command('judge')
@click.argument('names', nargs=-1)
def judge_command(names):
    """Measure the networks in networks/ and write their cards."""
    with errors_in_one_line():
        judge(load_spec(names))


@main.command('readers')
@click.argument('names', nargs=-1, metavar='[WORLD ...]')
def readers_command(names):
    """Measure the factor readers of the worlds named, or of all."""
    with errors_in_one_line():
        unknown = sorted(set(names) - set(_worlds()))
        if unknown:
            raise UserError('there is no reader of %s in the zoo; it has %s' % (unknown[0], ', '.join(_worlds())))
        measure_readers(names or _worlds())


@main.command('smoke')
@click.option('--folder', type=click.Path(), default=str(BUILD / 'smoke'), show_default=True)
def smoke_command(folder):
    """The whole path on a toy network."""
    with errors_in_one_line():
        smoke(pathlib.Path(folder))


if __name__ == '__main__':
    main()
