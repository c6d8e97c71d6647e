"""Results as lines, CSV and JSON."""

import dataclasses
import os
import pathlib

from regan.base import artefacts, provenance, tables


def line(result):
    """One line of text.

    >>> from regan.metrics.evaluate import Result
    >>> line(Result('ppl_reader_wfull', 12.34567, 5000, 0.12))
    'ppl_reader_wfull        12.3457 +- 0.1200'
    """
    error = '' if result.standard_error is None else ' +- %.4f' % result.standard_error
    return '%-18s %12.4f%s' % (result.metric, result.value, error)


def facts(generator, request, judges, images):
    """Everything the numbers depend on, as a dict of JSON values."""
    found = dict(
        provenance.software(generator.backend),
        network=os.path.basename(generator.path),
        network_sha256=generator.sha256,
        **provenance.label_facts(generator),
    )
    asked = dataclasses.asdict(request)
    settings = asked.pop('settings')
    found.update(asked, metrics=list(request.metrics), data=images and images.facts)
    if settings:
        found.update(drawing=request.settings.facts())
    for field in dataclasses.fields(judges):
        judge = getattr(judges, field.name)
        found[field.name + '_sha256'] = judge and judge.sha256
    return found


def write(path, results, about):
    """Writes results and facts: .json with everything, .csv with one row for each number. Raises UserError."""
    if pathlib.Path(path).suffix.lower() == '.json':
        artefacts.write_json(path, dict(about, results=[dataclasses.asdict(result) for result in results]))
        return
    psi = about['psi'] if about['psi'] is None else str(about['psi'])
    rows = [
        dict(
            network=about['network'],
            metric=result.metric,
            value=result.value,
            standard_error=result.standard_error,
            n=result.n,
            seed=about['seed'],
            psi=psi,
            network_sha256=about['network_sha256'],
        )
        for result in results
    ]
    tables.write_csv(path, rows, digits=6)
