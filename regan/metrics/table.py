"""Results as lines, CSV and JSON."""
import csv
import dataclasses
import os
import pathlib

from regan.base import artefacts, provenance


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
    found = dict(provenance.software(generator.backend), network=os.path.basename(generator.path), network_sha256=generator.sha256)
    found.update(dataclasses.asdict(request), metrics=list(request.metrics), data=images and images.facts)
    for field in dataclasses.fields(judges):
        judge = getattr(judges, field.name)
        found[field.name + '_sha256'] = judge and judge.sha256
    return found


def write(path, results, about):
    """Writes results and facts: .json with everything, .csv with one row for each number. Raises UserError."""
    if pathlib.Path(path).suffix.lower() == '.json':
        artefacts.write_json(path, dict(about, results=[dataclasses.asdict(result) for result in results]))
        return
    with artefacts.atomic_path(path) as temporary, open(str(temporary), 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['network', 'metric', 'value', 'standard_error', 'n', 'seed', 'psi', 'network_sha256'])
        for result in results:
            error = '' if result.standard_error is None else '%.6g' % result.standard_error
            psi = '' if about['psi'] is None else about['psi']
            writer.writerow([about['network'], result.metric, '%.6g' % result.value, error, result.n, about['seed'], psi, about['network_sha256']])
