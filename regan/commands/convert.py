"""`regan convert`: a network in the form of another program."""

import pathlib

import click

from regan.commands import options

FORMATS = ('tensorflow', 'pytorch', 'saved-model', 'onnx')  # Of regan.conversion.formats.


@click.command()
@click.argument('network', metavar='IN')
@click.argument('out', type=click.Path())
@click.option(
    '--to',
    'form',
    type=click.Choice(FORMATS),
    help='What OUT shall be; default: by its ending, .pkl, .npz, .onnx, or none for a SavedModel.',
)
@options.NETWORKS_FOLDER
@options.ALLOW_NON_FINITE
def convert(network, out, form, networks_folder, allow_non_finite):
    """Write the network IN, of any kind that is read here, in another form to OUT.

    \b
    tensorflow   OUT.pkl: the official TensorFlow pickle (G, D, Gs)
    pytorch      OUT.npz: the tensors of stylegan2-ada-pytorch, and OUT.py, which loads them into its classes
    saved-model  OUT/: a TensorFlow SavedModel; its signature serving_default makes images from dlatents, its signature
                 mapping makes dlatents from z
    onnx         OUT.onnx and OUT.mapping.onnx: the same two functions as ONNX models (pip install onnx onnxruntime)

    Images have the stored noise. What was written is run on two latents before it is kept, and how far its images are
    from the network's own is printed. A .json with the same name says what made it.
    """
    from regan.base import artefacts
    from regan.conversion import formats
    from regan.networks import models

    form = formats.chosen(form, out)
    facts = formats.convert(models.resolve(network, networks_folder), form, out, allow_non_finite)
    artefacts.write_json(_beside(out), dict(software(), command='convert', **facts))
    report(facts['check'])
    click.echo('wrote %s: %s' % (out, formats.FORMATS[form].what))


def software():
    """What made a file, for the JSON beside it."""
    from regan.base import provenance
    from regan.networks import opening

    return provenance.software(opening.backend())


def report(check):
    """Prints how far images and latents are from the network's own."""
    for key, delta in check.items():
        click.echo('%-6s differ by %.2g at most, %.2g on average' % (key, delta['largest'], delta['mean']))


def _beside(out):
    path = pathlib.Path(out)
    return path.with_name(path.name + '.json') if not path.suffix else path.with_suffix('.json')
