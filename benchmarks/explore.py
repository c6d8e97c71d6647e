"""How soon the explorer shows what a hand asks for, without a browser.

    python benchmarks/explore.py
    python benchmarks/explore.py --random stylegan2:1024

A client in the server's process moves a slider as a hand does, 60 times a second, and acknowledges frames; it releases
it, and asks for a contact sheet. Drawing in the browser, about 5 ms, is not part of it. Every time is set against that
of the bare synthesis of the same picture, measured in the same run; memory against a process that only draws it.
"""

import asyncio
import json
import os
import tempfile
import threading
import time

import common
import random_networks

from regan.base.command_errors import errors_in_one_line
from regan.networks import models

MOVES, RATE = 200, 60  # Wishes, and how many a second.
COMPONENTS, ROWS = 80, 12
LARGE = 256  # From here on the whole sheet takes minutes, and only its first rows are waited for.
DEFAULT_NETWORKS, DEFAULT_RANDOMS = ['stylegan2-cars-64', 'stylegan-faces-64'], ['stylegan2:256', 'stylegan2:1024']
COLUMNS = [
    common.Column('network', 'network', '%-21.21s'),
    common.Column('synthesis ms', 'synthesis_ms', '%12.1f'),
    common.Column('frames', 'frames', '%6d'),
    common.Column('drag ms', 'drag_ms', '%7.0f'),
    common.Column('95 %', 'drag_95_ms', '%5.0f'),
    common.Column('final ms', 'final_ms', '%8.0f'),
    common.Column('12 rows s', 'rows_s', '%9.2f'),
    common.Column('sheet s', 'sheet_s', '%7.1f'),
    common.Column('beside MB', 'beside_megabytes', '%9.0f'),
]
FIGURES = [
    common.Figure('explorer, %(network)s: a move to its picture', 'drag_ratio', 'median time over bare synthesis'),
    common.Figure('explorer, %(network)s: release to the final', 'final_ratio', 'time over bare synthesis'),
    common.Figure('explorer, %(network)s: a sheet of all components', 'sheet_ratio', 'time over its bare syntheses'),
]


class _Page:
    """A connected client, in an asyncio loop."""

    def __init__(self, running):
        self._site, self._rev, self.sent = running.site, 0, {}

    async def open(self):
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        cookie = '%s=%s' % (self._site.cookie, self._site.token)
        url = 'ws://127.0.0.1:%d/ws' % self._site.port
        self._socket = await websocket_connect(HTTPRequest(url, headers={'Cookie': cookie}))
        await self.send(type='hello', protocol=1)
        while True:
            message = await self.receive()
            if message['type'] == 'welcome':
                return message['network']

    async def send(self, **message):
        await self._socket.write_message(json.dumps(message))

    async def receive(self):
        """The next message, or the header of the next frame."""
        from regan.explore import encode

        message = await self._socket.read_message()
        return encode.read_frame(message)[0] if isinstance(message, bytes) else json.loads(message)

    async def wish(self, view, drag):
        self._rev += 1
        self.sent[self._rev] = time.perf_counter()
        await self.send(type='render', slot='main', rev=self._rev, view=view, px=1024, drag=drag)

    async def picture(self):
        """(header, seconds since its wish) of the next picture."""
        header = await self.receive()
        while header.get('kind') != 'picture':
            header = await self.receive()
        await self.send(type='ack', slot='main', rev=header['rev'])
        return header, time.perf_counter() - self.sent[header['rev']]


async def _drag(page, view):
    """Seconds of every frame during the moves, and from the release to the final."""
    ages = []

    async def watch():
        while True:
            header, age = await page.picture()
            if header['pass'] == 'final' and header['rev'] == MOVES:
                return age
            ages.append(age)

    last = asyncio.ensure_future(watch())
    for move in range(1, MOVES + 1):
        edits = [{'direction': {'component': 0}, 'layers': [[0, 3]], 'amount': 4 * move / MOVES - 2}]
        await page.wish(dict(view, edits=edits), drag=move < MOVES)
        await asyncio.sleep(1 / RATE)
    final = await last
    return ages or [final], final


async def _sheet(page, view, whole):
    """Seconds until the first rows are there, and all of them, and the number of tiles."""
    began, rows, tiles = time.perf_counter(), None, 0
    await page.send(type='sheet', job='s', spec={'view': view, 'rows': 'components'})
    await page.send(type='visible', job='s', rows=[0, ROWS])
    while True:
        message = await page.receive()
        tiles += message.get('kind') == 'tile'
        if message.get('type') == 'progress' and message['done'] == min(ROWS, message['total']):
            rows = time.perf_counter() - began
        if message.get('type') == 'done' or (rows and not whole):
            await page.send(type='cancel', slot='sheet')
            return rows, time.perf_counter() - began if whole else None, tiles


async def _visit(running, large):
    page = _Page(running)
    network = await page.open()
    facts = dict(name=network['name'], sha256=network['sha256'])
    view = {'regan_view': 1, 'network': facts, 'latents': [{'seed': 1}]}
    await page.wish(view, drag=False)
    await page.picture()
    page._rev = 0
    drags = await _drag(page, view)
    return drags + await _sheet(page, view, not large)


def measure(name, path, repeats):
    """Times a visit, and the bare synthesis in turn with it. Returns a dict, see COLUMNS."""
    import numpy as np

    from regan.explore import start
    from regan.explore.explorer import Explorer
    from regan.networks.generator import Generator

    alone, _ = common.in_child(_alone, path)
    open_studio = start.opener(lambda: Generator.open(path), name)

    def with_basis(*arguments):
        studio = open_studio(*arguments)
        studio.set_basis(_basis(studio.network))
        return studio

    explorer = Explorer(with_basis, rate=1e9)
    with start.InThread(explorer) as running:
        while explorer.studio is None:
            time.sleep(0.05)
        large = explorer.studio.network.resolution >= LARGE
        bare, visits = [], []
        for _ in range(repeats):
            bare.append(_in_render_thread(explorer, lambda: _synthesis_seconds(explorer.studio)))
            visits.append(asyncio.new_event_loop().run_until_complete(_visit(running, large)))
        bare.append(_in_render_thread(explorer, lambda: _synthesis_seconds(explorer.studio)))
        peak = common.peak_megabytes()
    ages, finals, rows, sheets, tiles = zip(*visits)
    seconds, drags = min(bare), np.concatenate(ages)
    sheet = sheets[0]  # Later ones come from a cache, as their first rows do.
    return dict(
        network=name,
        synthesis_ms=1000 * seconds,
        frames=int(np.median([len(one) for one in ages])),
        drag_ms=1000 * float(np.median(drags)),
        drag_95_ms=1000 * float(np.percentile(drags, 95)),
        final_ms=1000 * min(finals),
        rows_s=rows[0],
        sheet_s=sheet,
        beside_megabytes=peak - alone,
        drag_ratio=float(np.median(drags)) / seconds,
        final_ratio=min(finals) / seconds,
        sheet_ratio=sheet and sheet / (seconds * max(tiles)),
        peak_megabytes=peak,
    )


def _alone(path):
    """Peak memory of a process that only opens the network and draws."""
    from regan.networks.generator import Generator

    with Generator.open(path) as generator:
        generator.synthesize(_latent(generator))
    return common.peak_megabytes()


def _latent(generator):
    from regan.sampling import latents

    return latents.broadcast(generator.map(latents.from_seeds([1], generator.latent_size)), generator.num_layers)


def _synthesis_seconds(studio):
    dlatents = _latent(studio.network)
    studio.network.synthesize(dlatents)
    return min(common.timed(lambda: studio.network.synthesize(dlatents))[0] for _ in range(3))


def _basis(generator):
    import numpy as np

    from regan.components.basis import Basis
    from regan.sampling import latents

    rows = latents.random_directions(min(COMPONENTS, generator.dlatent_size), generator.dlatent_size)
    ones = np.ones(len(rows), np.float32)
    return Basis(np.asarray(generator.dlatent_avg), rows, ones, ones, ones, ones)


def _in_render_thread(explorer, function):
    """function(), which calls TensorFlow, where that is allowed."""
    from regan.explore import jobs
    from regan.explore.render import Task

    found, ready = [], threading.Event()

    def begin():
        return function()
        yield

    def done(job, stage, value, times):
        found.append(value)
        ready.set()

    def failed(job, sentence):
        ready.set()

    task = Task({None: begin}, lambda *_: None, done, failed)
    number = explorer.number()
    explorer.renderer.change(lambda queue, now: queue.submit('benchmark', 'bare', number, task, now, jobs.BESIDE))
    ready.wait()
    return found[0]


@common.command
@common.network_option
@random_networks.option
@common.options
def main(networks, randoms, repeats, out):
    """Time the explorer's pictures against bare synthesis.

    Without --network and --random: two embedded networks, and StyleGAN2 (configuration F) at 256 x 256 and 1024 x 1024.
    """
    if not networks + randoms:
        networks, randoms = DEFAULT_NETWORKS, DEFAULT_RANDOMS
    with errors_in_one_line(), tempfile.TemporaryDirectory() as folder:
        paths = [(os.path.basename(network), str(models.resolve(network))) for network in networks]
        paths += [(name, random_networks.make(folder, name, random_networks.write_all)) for name in randoms]
        cases = [(name, path, min(repeats, 3)) for name, path in paths]
        common.run('explore', COLUMNS, measure, cases, out, FIGURES)


if __name__ == '__main__':
    main()
