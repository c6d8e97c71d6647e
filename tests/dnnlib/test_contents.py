"""Networks wherever a file holds them, by name; which one makes the images."""

import argparse
import io
import types

import pytest

from dnnlib import contents, unpickle
from dnnlib.unpickle import NetworkPickleError, NetworkState
from tests import make_pickles


def network(name, function):
    return NetworkState(4, name, {}, {}, '', function, {})


G, D, GS = network('G', 'G_main'), network('D', 'D_stylegan2'), network('Gs', 'G_main')
OTHER, READER = network('cars', 'G_style'), network('F', 'F_reader')
SAME = network('G', 'G_main')  # As a clone is called that got no name.


def found(value):
    return contents.in_file(value, 'x.pkl')


@pytest.mark.parametrize(
    'value, chosen',
    [
        (GS, GS),
        (G, G),
        ((G, D, GS), GS),
        ([G, D, GS], GS),
        ((G, GS), GS),
        ((GS, G), GS),
        ((None, None, GS), GS),
        ((G, D, SAME), SAME),
        ((G, SAME), SAME),
        ((OTHER, D, G), G),  # The place in the official tuple says it.
        ({'G': G, 'D': D, 'G_ema': SAME}, SAME),
        ({'G_ema': SAME, 'G': G}, SAME),
        ({'G': G, 'D': D}, G),
        ({'G': G, 'D': D, 'G_ema': G}, G),
        ({'g': G, 'ema': SAME}, SAME),
        ({'netG': G, 'netG_ema': SAME}, SAME),
        ({'generator': G, 'generator_smooth': SAME}, SAME),
        ({'a': G, 'b': GS}, GS),
        ({'step': 3, 'networks': {'G': G, 'G_avg': SAME}, 'log': [1, 'x']}, SAME),
        ({'snapshot': [(G, D, GS)], 'reader': READER}, GS),
        ([[[G]]], G),
        ((READER, G), G),
    ],
)
def test_the_averaged_generator_is_chosen(value, chosen):
    assert contents.generator(found(value), 'x.pkl') is chosen


@pytest.mark.parametrize(
    'value, names',
    [
        ((G, OTHER), 'G (G_main), cars (G_style); choose one, for example x.pkl::G'),
        ({'a': G, 'b': SAME}, 'a (G_main), b (G_main); choose one, for example x.pkl::a'),
        ([(G, D, GS), (SAME, D, network('Gs', 'G_main'))], '0/2'),
        ({'a': {'G': G, 'G_ema': GS}, 'b': {'G_ema': SAME}}, 'a/G (G_main), a/G_ema (G_main), b/G_ema'),
        ([G, SAME, network('G', 'G_main')], '0 (G_main), 1 (G_main), 2 (G_main)'),
    ],
)
def test_which_of_several_is_asked_for(value, names):
    with pytest.raises(NetworkPickleError, match='x.pkl holds several generators, and nothing says which') as error:
        contents.generator(found(value), 'x.pkl')
    assert names in str(error.value)
    chosen = str(error.value).rpartition('::')[2]
    assert contents.is_generator(contents.generator(found(value), 'x.pkl', chosen))  # The example works.


def test_by_name():
    value = {'a': {'G': G, 'D': D, 'G_ema': GS}, 'b': [SAME]}
    for name, state in [('a/G', G), ('G_ema', GS), ('Gs', GS), ('a/G_ema', GS), ('b/0', SAME)]:
        assert contents.generator(found(value), 'x.pkl', name) is state
    for name, message in [
        ('D', 'D is no generator .D_stylegan2.; the generators are: a/G'),
        ('E', "holds no network called 'E': it has a/G"),
    ]:
        with pytest.raises(NetworkPickleError, match=message):
            contents.generator(found(value), 'x.pkl', name)
    with pytest.raises(NetworkPickleError, match="holds several networks called 'G': it has 0 "):
        contents.generator(found([G, SAME]), 'x.pkl', 'G')


@pytest.mark.parametrize(
    'value, expected',
    [
        ((G, D, GS), (G, D, GS)),
        (GS, (None, None, GS)),
        (G, (G, None, G)),
        ((G, GS), (G, None, GS)),
        ((None, None, GS), (None, None, GS)),
        ({'G': G, 'D': D, 'G_ema': SAME}, (G, D, SAME)),
        ({'G': GS, 'D': D, 'G_ema': GS}, (GS, D, GS)),
        ((GS, D, GS), (GS, D, GS)),
        ((READER, READER, READER), (READER, READER, READER)),  # Of any kind, as in the official loader.
        ({'G': G, 'D': D}, (G, D, G)),
        ({'G_ema': SAME}, (None, None, SAME)),
        ({'old': {'G': G}, 'new': {'G': SAME, 'G_ema': GS}}, (None, None, GS)),  # Which of the two nothing says.
    ],
)
def test_as_official_scripts_want_them(value, expected):
    assert [a is b for a, b in zip(contents.official(found(value), 'x.pkl'), expected)] == [True] * 3


def test_no_generator():
    with pytest.raises(NetworkPickleError, match=r'x.pkl holds no generator but D \(D_stylegan2\); give a file with'):
        contents.official(found([D]), 'x.pkl')
    with pytest.raises(NetworkPickleError, match='x.pkl holds no network$'):
        found({'a': [1, 2]})


def test_objects_that_are_their_attributes():
    """Namespaces, by every protocol, are read as dicts of their attributes."""
    net = make_pickles.sample_network()
    for protocol in range(5):
        for make in (argparse.Namespace, types.SimpleNamespace):
            value = unpickle.read(io.BytesIO(make_pickles.dumps({'args': make(G=net, step=3)}, protocol)), 'x.pkl')
            assert value['args']['step'] == 3 and [place.keys for place in unpickle.places(value)] == [('args', 'G')]


def test_a_value_that_holds_the_same_many_times():
    endless = [G]
    for _ in range(60):
        endless = [endless, endless]
    assert len(unpickle.networks(endless)) == 1


def test_file_and_name_are_told_apart(tmp_path):
    (tmp_path / 'a::b').write_bytes(b'x')
    assert contents.split(tmp_path / 'a::b') == (str(tmp_path / 'a::b'), None)
    assert contents.split('x.pkl::G_ema') == ('x.pkl', 'G_ema') and contents.split('x.pkl') == ('x.pkl', None)
    assert contents.split('::G') == ('::G', None) and contents.split('x::y::G') == ('x::y', 'G')
