"""`regan figure`: which figures there are, and where it draws them."""

import pytest
from click.testing import CliRunner

from regan import cli
from regan.base import places
from regan.figures import figure


def regan(*words):
    return CliRunner().invoke(cli.main, ['figure'] + list(words))


def test_list():
    lines = regan('list').output.splitlines()
    assert [line.split()[0] for line in lines] == list(places.figures())
    assert lines[0].endswith('Figure 1 of RC2021 "[Re] GANSpace": a sequence of edits, each on top of the ones before.')


@pytest.mark.parametrize('name', places.figures())
def test_each_script_declares_its_figure(name):
    assert 'Draw %s.' % places.figures()[name].stem in regan(name, '--help').output


@pytest.fixture
def asked(monkeypatch):
    """What `figure.run` was asked for: name of the spec, script that draws, folder."""
    calls = []

    def run(spec, draw, out_dir, *others):
        calls.append((spec.name, draw.__module__, out_dir))
        return figure.Drawn('a', 'b', 'c')

    monkeypatch.setattr(figure, 'run', run)
    return calls


def test_draws_into_the_working_folder(asked):
    result = regan('1')
    assert (result.exit_code, result.output) == (0, 'wrote a\nwrote b\nwrote c\n')
    assert asked == [('figure1-embedded', 'figure1', 'figures-out')]


def test_options_are_those_of_the_script(asked, tmp_path):
    assert regan('components', '--networks', 'official', '--mode', 'ganspace', '--out', str(tmp_path)).exit_code == 0
    assert asked == [('figure_components-official', 'figure_components', str(tmp_path))]


def test_unknown_figure():
    result = regan('7')
    assert result.exit_code == 2 and 'there is no figure 7; the figures are: 1, 2, ' in result.output


@pytest.mark.parametrize('option', ['--check', '--reference'])
def test_references_are_in_a_checkout_only(option, asked, monkeypatch):
    monkeypatch.setattr(places, 'INSTALLED', True)
    result = regan('1', option)
    assert result.exit_code == 2 and not asked
    assert 'need the reference pictures, which are in a checkout of the project' in result.output
