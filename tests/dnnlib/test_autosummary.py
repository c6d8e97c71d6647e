import glob
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib import tflib
from dnnlib.tflib.autosummary import autosummary


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tflib.create_session().as_default() as s:
        yield s


@pytest.fixture
def saved(tmp_path):
    """Function that saves the summaries and returns {tag: value} of what was written, and the step."""

    def save(step=None):
        folder = str(tmp_path / str(step))
        with tf.summary.FileWriter(folder) as writer:
            tflib.autosummary.save_summaries(writer, step)
        (path,) = glob.glob(os.path.join(folder, '*'))
        events = [e for e in tf.train.summary_iterator(path) if e.summary.value]
        assert all(e.step == (step or 0) for e in events)
        return {
            v.tag: v.simple_value for e in events for v in e.summary.value if v.WhichOneof('value') == 'simple_value'
        }

    return save


def test_tensor_is_passed_through_and_counted(session, saved):
    fed = tf.placeholder(tf.float32, [None])
    y = autosummary('Loss/scores', fed * 2) + 1
    np.testing.assert_array_equal(session.run(y, {fed: [1, 2]}), [3, 5])
    session.run(y, {fed: [7]})
    session.run(y, {fed: []})
    assert saved(3) == {'Loss/scores': pytest.approx((2 + 4 + 14) / 3)}


def test_means_start_anew(session, saved):
    fed = tf.placeholder(tf.float32, [])
    y = autosummary('y', fed)
    for step, value in enumerate([5, 11]):
        session.run(y, {fed: value})
        autosummary('x', -value)
        assert saved(step) == {'y': value, 'x': -value}
    assert np.isnan(list(saved(9).values())).all(), 'nothing was counted'


def test_never_evaluated(saved):
    autosummary('y', tf.constant(1.0))
    assert np.isnan(saved()['y'])


def test_python_values_and_tensors_share_a_name(session, saved):
    assert autosummary('a', 3) == 3
    np.testing.assert_array_equal(autosummary('a', np.array([[4, 6]], np.uint8)), [[4, 6]])
    session.run([autosummary('a', tf.constant([10, 20])), autosummary('a', tf.constant(True))])
    assert saved() == {'a': pytest.approx((3 + 4 + 6 + 10 + 20 + 1) / 6)}


def test_non_finite_values_are_skipped(session, saved):
    session.run(autosummary('t', tf.constant([np.nan, 2.0, np.inf])))
    autosummary('p', [5.0, -np.inf])
    autosummary('p', float('nan'))
    assert saved() == {'t': 2, 'p': 5}


def test_condition(session, saved):
    on = tf.placeholder(tf.bool, [])
    y = autosummary('t', tf.random_uniform([]) * 0 + 3, condition=on)
    z = autosummary('u', tf.constant(5.0), condition=False)
    for value in [False, True]:
        assert session.run([y, z], {on: value}) == [3, 5]
    assert autosummary('p', 7, condition=False) == 7
    autosummary('p', 11)
    values = saved()
    assert (values['t'], values['p']) == (3, 11) and np.isnan(values['u'])


def test_passthru(session, saved):
    assert session.run(autosummary('t', tf.constant(3.0), passthru=tf.constant('text'))) == b'text'
    assert autosummary('p', 5, passthru='text') == 'text'
    assert saved() == {'t': 3, 'p': 5}


def test_inside_a_condition_and_with_awkward_names(session, saved):
    tf.constant(0, name='Train/rate')  # An op of the same name must not change the tag.
    y = tf.cond(tf.constant(True), lambda: autosummary('Train/rate', tf.constant(3.0)), lambda: tf.constant(0.0))
    session.run(y)
    autosummary('Übung (1) %', 5)
    assert saved() == {'Train/rate': 3, 'Übung (1) %': 5}


def test_no_new_names_afterwards(saved):
    autosummary('a', 1)
    tflib.autosummary.finalize_autosummaries()
    autosummary('a', 3)
    with pytest.raises(RuntimeError, match="'b'"):
        autosummary('b', 1)
    assert saved() == {'a': 2}


def test_other_summaries_are_saved_too(saved):
    tf.summary.scalar('other', tf.constant(7.0))
    assert saved() == {'other': 7}


def test_nothing_to_save(session):
    tflib.autosummary.save_summaries(None)  # Any use of the writer would fail.
    assert session.graph.get_collection(tf.GraphKeys.SUMMARIES) == []


def test_accumulators_are_not_among_the_variables_of_a_network():
    autosummary('a', tf.constant(1.0))
    assert tf.global_variables() == []


def test_custom_scalars(session, saved, monkeypatch):
    pytest.importorskip('tensorboard.plugins.custom_scalar.layout_pb2')
    monkeypatch.setattr(tflib.autosummary, 'enable_custom_scalars', True)
    session.run(autosummary('Loss/t', tf.constant([1.0, 2.0, 6.0])))
    autosummary('Loss/p', 4)
    names = tflib.autosummary._summaries().names
    layout = tflib.autosummary._layout(names)
    assert [(c.title, [chart.title for chart in c.chart]) for c in layout.category] == [('Loss', ['Loss/t', 'Loss/p'])]
    series = layout.category[0].chart[0].margin.series[0]
    values = saved()
    std = np.std([1, 2, 6])
    np.testing.assert_allclose(
        [values[tag] for tag in (series.value, series.lower, series.upper)], [3, 3 - std, 3 + std], rtol=1e-6
    )
    assert values['Loss/p'] == values['xCustomScalars/Loss/p/margin_hi'] == 4
