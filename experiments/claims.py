"""The claims of the paper, measured on the networks whose factors are known; `make claims`.

python experiments/claims.py             measure everything and write figures/claims/
python experiments/claims.py --check     measure a small sample again and compare it with the committed report
"""

import pathlib
import sys

import checkout
import click
import tqdm

from regan.base import artefacts
from regan.base.command_errors import errors_in_one_line
from studies import claims_spec as specs
from studies import report, study

OUT = checkout.PROJECT / 'figures' / 'claims'


def progress(description, total):
    """A bar on a terminal, nothing elsewhere."""
    return tqdm.tqdm(total=total, desc=description, leave=False, disable=None)


def measure(spec, sizes, names, singles=()):
    """(sections, facts) of a spec's networks. Args: singles, see `study.Study`."""
    from regan.editing import boundary

    cache = artefacts.cache_dir()
    with study.open_subjects(spec, sizes, cache, progress) as subjects:
        one = study.Study(spec, sizes, subjects, cache, boundary.train, progress, singles)
        return study.sections(one, names), one.facts()


@click.command()
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    default=str(OUT),
    show_default='figures/claims',
    help='Folder of the report.',
)
@click.option('--small', is_flag=True, help='Measure the small sample only: rough numbers, in a minute.')
@click.option(
    '--check',
    is_flag=True,
    help='Measure the small sample and compare it with the report in --out, which is left alone; exit 1 on a '
    'difference.',
)
@click.option(
    '--section',
    'names',
    multiple=True,
    type=click.Choice(study.SECTIONS),
    help='Only this section, so that the report has no other; may be given several times. Default: all.',
)
@click.option(
    '--spec',
    'spec_path',
    type=click.Path(exists=True, dir_okay=False),
    help='Of the report; default: experiments/specs/claims.json.',
)
def main(out, small, check, names, spec_path):
    """Measure the claims of the paper. What was measured before comes from the cache; an interrupted run goes on."""
    folder = pathlib.Path(out)
    with errors_in_one_line():
        spec = specs.load(spec_path or specs.SPEC)
        names = names or study.SECTIONS
        if check:
            sections, facts = measure(spec, spec.small, names, report.read_singles(folder))
            passed, lines = report.check(folder, sections, facts)
            lines.append(
                '%d numbers agree with %s' % (len(lines), folder)
                if passed
                else 'the report in %s does not hold' % folder
            )
            click.echo('\n'.join(lines))
            sys.exit(0 if passed else 1)
        sections, facts = measure(spec, spec.small if small else spec.full, names)
        chosen = {
            key: single
            for section in sections
            if section.name == 'control'
            for key, single in report.singles(section.rows).items()
        }
        report.write(folder, sections, facts, sample=[] if small else measure(spec, spec.small, names, chosen)[0])
        for section in sections:
            click.echo('%s\n  %s' % (section.title, '\n  '.join([section.verdict] + section.sentences)))
        click.echo('wrote %s' % (folder / 'report.md'))


if __name__ == '__main__':
    main()
