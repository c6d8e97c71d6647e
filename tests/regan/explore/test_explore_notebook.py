"""The explorer as the value of a notebook's cell."""

import base64
import io
import re
import urllib.request

import pytest
from PIL import Image

from regan.base.errors import UserError
from regan.explore import notebook
from regan.views import carriers, document


@pytest.fixture(scope='module')
def embedded(folders, tiny_pickle):
    with notebook.embed(tiny_pickle) as one:
        yield one


def test_the_frame_has_the_address_and_the_token(embedded):
    html = embedded._repr_mimebundle_()['text/html']
    address = re.search(r"frame\.src = '(http://127\.0\.0\.1:\d+/\?token=[\w-]+)'", html).group(1)
    assert address == embedded.url
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address) as answer:
        policy = answer.headers['Content-Security-Policy']
        assert answer.status == 200 and b'regan explore' in answer.read()
    assert 'frame-ancestors http://localhost:* http://127.0.0.1:*' in policy


def test_the_strip_stands_in_for_the_frame_and_carries_its_view(embedded, tmp_path):
    bundle = embedded._repr_mimebundle_()
    assert bundle['image/png'] in bundle['text/html'] and embedded.url in bundle['text/plain']
    content = base64.b64decode(bundle['image/png'])
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (5 * 128, 128)
    view = carriers.read_bytes(content, 'strip.png')
    assert view.show.kind == 'strip' and view.edits[0].amount == 2 and document.view_id(view)


def test_a_network_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match='nowhere.pkl'):
        notebook.embed(tmp_path / 'nowhere.pkl')
