"""Fixtures that several of these tests share."""

import pytest

from tests import small_pickles


@pytest.fixture(scope='session')
def pickled():
    """What `small_pickles.pickles_and_images` makes. To be read only."""
    return small_pickles.pickles_and_images()
