"""Random view documents for tests: valid ones, and what is nearly one."""

import copy
import random

SHA = '%064x'


def document(draw, other=True):
    """A valid document as a dict, with keys left out here and there. Args: draw, a random.Random."""
    latents = [latent(draw) for _ in range(draw.randint(1, 4))]
    edits = [edit(draw) for _ in range(draw.randint(0, 4))]
    view = {
        'regan_view': 1,
        'network': {'name': name(draw), 'sha256': SHA % 7},
        'latents': latents,
        'edits': edits,
        'basis': draw.choice([None, {'key': 'c41e' * 4, 'estimator': 'ipca', 'components': 80}]),
        'label': draw.choice([None, 0, 3]),
        'gain': real(draw),
        'psi': real(draw),
        'cutoff': draw.choice([None, 0, 8]),
        'noise': noise(draw),
        'compat': draw.choice(['fixed', 'official', 'ganspace', 'reganspace']),
        'conversion': draw.choice([None, 'round', 'truncate']),
        'show': show(draw, len(latents), len(edits), other),
    }
    for key in draw.sample(sorted(set(view) - {'regan_view', 'network', 'latents', 'edits'}), draw.randint(0, 4)):
        del view[key]
    return view


def latent(draw, mixed=True):
    if mixed and draw.random() < 0.2:
        return {'mix': {'row': latent(draw, False), 'column': latent(draw, False), 'layers': [[0, 3], [5, 6]]}}
    if draw.random() < 0.7:
        return {'seed': draw.randrange(2**32)}
    return {'file': 'me.npz', 'sha256': SHA % draw.getrandbits(200), 'row': draw.randrange(9)}


def edit(draw):
    direction = draw.choice(
        [
            {'component': draw.randrange(80)},
            {'random': [draw.randrange(2**32), draw.randrange(80)]},
            {'edit': 'ffhq/Big smile'},
            {'boundary': 'stylegan_ffhq_age_w'},
            {'file': 'mine.npy', 'sha256': SHA % 5, 'row': 0},
        ]
    )
    edges = sorted(draw.sample(range(19), 2 * draw.randint(0, 4)))
    mode = draw.choice(['offset', 'centred', 'target'])
    found = {
        'direction': direction,
        'layers': draw.choice([None, [list(pair) for pair in zip(edges[::2], edges[1::2])]]),
        'mode': mode,
        'unit': draw.choice(['stdev', 'raw']),
        'amount': real(draw),
        'invert': mode == 'target' and draw.random() < 0.3,
        'on': draw.random() < 0.8,
        'name': name(draw),
        'tags': [name(draw) for _ in range(draw.randint(0, 3))],
    }
    for key in draw.sample(['layers', 'unit', 'on', 'name', 'tags', 'invert'], draw.randint(0, 5)):
        del found[key]
    return found


def noise(draw):
    mode = draw.choice(['stored', 'none', 'numpy', 'torch-cpu', 'torch-cuda'])
    return dict({'mode': mode}, **({} if mode in ('stored', 'none', 'seed') else {'seed': draw.randrange(2**32)}))


def show(draw, latents, edits, other):
    kind = draw.choice(['single', 'grid', 'wipe', 'side'] + ['strip'] * (edits > 0))
    found = {'kind': kind}
    if kind != 'grid':
        found['latent'] = draw.randrange(latents)
    if kind == 'strip':
        found.update(edit=draw.randrange(edits), frames=draw.randint(2, 33))
    if kind == 'wipe':
        found['at'] = draw.random()
    if kind in ('wipe', 'side'):
        found['other'] = draw.choice([None, dict(document(draw, False), show={'kind': 'single'})]) if other else None
    return found


def name(draw):
    return ''.join(draw.choice('abc Z09-_"\\/\u00e9\u4e2d\U0001f600') for _ in range(draw.randint(1, 20)))


def real(draw):
    return draw.choice(
        [
            draw.uniform(-4, 4),
            float(draw.randint(-3, 3)),
            draw.randint(-100, 100),
            draw.uniform(-1, 1) * 10 ** draw.randint(-30, 1),
            -0.0,
        ]
    )


def damaged(draw, view):
    """A copy of a document in which one value, at any depth, is another one or gone, or one key is new."""
    view = copy.deepcopy(view)
    places = list(_places(view))
    holder, key = draw.choice(places)
    action = draw.random()
    if action < 0.2 and isinstance(holder, dict):
        del holder[key]
    elif action < 0.35 and isinstance(holder, dict):
        holder[draw.choice(['x', 'Seed', '', 'amount ', '__class__'])] = 1
    else:
        holder[key] = draw.choice(
            [
                None,
                True,
                -1,
                2**32,
                2**70,
                1e300,
                float('nan'),
                float('inf'),
                '',
                'x' * 300,
                '\ud800',
                [],
                [[]],
                {},
                101,
            ]
        )
    return view


def _places(part):
    for key in part if isinstance(part, dict) else range(len(part)):
        yield part, key
        if isinstance(part[key], (dict, list)):
            yield from _places(part[key])


def many(count, seed=0):
    """So many valid documents."""
    draw = random.Random(seed)
    return [document(draw) for _ in range(count)]
