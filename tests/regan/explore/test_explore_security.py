"""Who may ask for what, as a table."""

import doctest

import pytest

from regan.explore import security

SITE = security.Site(8123, 'secret-token')
ASSETS = {'app.js': None, 'vendor/preact.js': None}
HOST, ORIGIN = '127.0.0.1:8123', 'http://127.0.0.1:8123'
EXPORT = '/export/' + 'a' * 22


def status(path='/', method='GET', host=HOST, origin=None, token='secret-token', site=SITE, **more):
    query = more.pop('query', {})
    asked = security.Request(method, path, query, host, origin, token=token, **more)
    verdict = security.decide(site, asked, ASSETS)
    assert verdict.status in (200, 302) or verdict.reason.endswith('.')
    return verdict.status


@pytest.mark.parametrize(
    'host, expected',
    [
        ('127.0.0.1:8123', 200),
        ('localhost:8123', 200),
        ('LOCALHOST:8123', 200),
        ('[::1]:8123', 200),
        ('127.0.0.1', 403),
        ('localhost:8124', 403),
        ('evil.example:8123', 403),
        ('127.0.0.1.evil.example:8123', 403),
        ('localhost:8123.evil.example', 403),
        ('0.0.0.0:8123', 403),
        ('lab:8123', 403),
        ('', 403),
        (None, 403),
    ],
)
def test_host(host, expected):
    assert status(host=host) == status('/healthz', host=host) == status('/ws', host=host, upgrade=True) == expected
    assert status('/', host=host, query={'token': 'secret-token'}) == (302 if expected == 200 else 403)


def test_allowed_names_and_the_standard_port():
    site = security.Site(8123, 'secret-token', security.LOCAL + ('lab',))
    assert status(host='lab:8123', site=site) == 200 and status(host='lab2:8123', site=site) == 403
    assert status('/ws', host='lab:8123', origin='http://lab:8123', site=site, upgrade=True) == 200
    site = security.Site(80, 'secret-token')
    assert status(host='localhost', site=site) == 200 == status(host='localhost:80', site=site)


@pytest.mark.parametrize(
    'origin, expected',
    [
        (None, 200),
        (ORIGIN, 200),
        ('http://localhost:8123', 200),
        ('https://127.0.0.1:8123', 403),
        ('http://127.0.0.1:8124', 403),
        ('http://evil.example:8123', 403),
        ('http://127.0.0.1:8123.evil.example', 403),
        ('null', 403),
        ('', 403),
    ],
)
def test_origin(origin, expected):
    """Also where Origin and Host agree, as they do for a name that was rebound."""
    assert status('/ws', origin=origin, upgrade=True) == expected
    upload = dict(content_type=security.BODY_TYPE, content_length=9, query={'name': 'me.npz'})
    assert status('/latents', 'POST', origin=origin, **upload) == expected
    assert status('/ws', host='evil.example:8123', origin='http://evil.example:8123', upgrade=True) == 403


@pytest.mark.parametrize('token, expected', [('secret-token', 200), ('secret-tokem', 403), ('', 403), ('ü', 403)])
def test_token(token, expected):
    for path, more in [('/', {}), ('/static/app.js', {}), (EXPORT, {}), ('/ws', dict(upgrade=True))]:
        assert status(path, token=token, **more) == expected
        assert status(path, token=None, **more) == 403
    assert status('/', token=None, query={'token': token}) == (302 if expected == 200 else 403)
    assert status('/static/app.js', token=None, query={'token': token}) == 403
    assert status('/healthz', token=None) == 200


@pytest.mark.parametrize(
    'method, path, expected',
    [
        ('GET', '/', 200),
        ('HEAD', '/', 200),
        ('POST', '/', 405),
        ('PUT', '/', 405),
        ('OPTIONS', '/ws', 405),
        ('GET', '/ws', 426),
        ('GET', '/latents', 405),
        ('GET', '/static/app.js', 200),
        ('POST', '/static/app.js', 405),
        ('GET', '/static/vendor/preact.js', 200),
        ('GET', '/static/', 404),
        ('GET', '/static/vendor', 404),
        ('GET', '/static/../server.py', 404),
        ('GET', '/static/%2e%2e/server.py', 404),
        ('GET', '/static//etc/passwd', 404),
        ('GET', '/static/app.js/', 404),
        ('GET', '//evil.example', 404),
        ('GET', '/nothing', 404),
        ('GET', EXPORT, 200),
        ('GET', '/export/../../etc/passwd', 404),
        ('GET', '/export/' + 'a' * 21, 404),
        ('GET', '/export/' + 'a' * 22 + '/x', 404),
    ],
)
def test_method_and_path(method, path, expected):
    assert status(path, method) == expected


@pytest.mark.parametrize(
    'name, content_type, length, expected',
    [
        ('me.npz', 'application/octet-stream', 10, 200),
        ('me.NPY', 'Application/Octet-Stream; x=1', 10, 200),
        ('A face-2_b.npy', 'application/octet-stream', security.LARGEST_BODY, 200),
        ('me.npz', 'application/octet-stream', security.LARGEST_BODY + 1, 413),
        ('me.npz', 'application/octet-stream', -1, 411),
        ('me.npz', 'multipart/form-data; boundary=x', 10, 415),
        ('me.npz', 'application/x-www-form-urlencoded', 10, 415),
        ('me.npz', None, 10, 415),
        ('me.pkl', 'application/octet-stream', 10, 422),
        ('me', 'application/octet-stream', 10, 422),
        ('../me.npz', 'application/octet-stream', 10, 422),
        ('a/b.npz', 'application/octet-stream', 10, 422),
        ('a\\b.npz', 'application/octet-stream', 10, 422),
        ('.npz', 'application/octet-stream', 10, 422),
        ('con.npz', 'application/octet-stream', 10, 422),
        ('a\0.npz', 'application/octet-stream', 10, 422),
        ('a\n.npz', 'application/octet-stream', 10, 422),
        ('ä.npz', 'application/octet-stream', 10, 422),
        ('x' * 65 + '.npz', 'application/octet-stream', 10, 422),
        ('', 'application/octet-stream', 10, 422),
    ],
)
def test_uploads(name, content_type, length, expected):
    more = dict(query={'name': name}, content_type=content_type, content_length=length)
    assert status('/latents', 'POST', **more) == expected


def test_content_where_none_belongs():
    assert status('/', content_length=5) == 400 == status('/', content_length=-1)
    assert status('/open', 'POST', query={}, content_type=security.BODY_TYPE, content_length=3) == 422


def test_headers():
    found = security.headers(SITE, 'localhost:8123')
    policy = found['Content-Security-Policy']
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and 'unsafe' not in policy
    assert "connect-src 'self' ws://localhost:8123;" in policy
    assert found['X-Content-Type-Options'] == 'nosniff' and found['Referrer-Policy'] == 'no-referrer'
    assert 'evil' not in security.headers(SITE, 'evil.example:8123')['Content-Security-Policy']
    framed = security.headers(security.Site(1, 'x', ancestors=('http://localhost:8888',)), None)
    assert 'frame-ancestors http://localhost:8888' in framed['Content-Security-Policy']
    assert security.address(SITE) == 'http://127.0.0.1:8123/?token=secret-token'
    assert doctest.testmod(security).failed == 0
