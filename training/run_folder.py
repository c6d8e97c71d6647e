"""What a training run leaves in its folder: log, TensorBoard events, sample grids, networks."""

import io
import os

from dnnlib.tflib.autosummary import save_summaries

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from regan.base import artefacts, finite, kept, tables
from regan.base.errors import UserError
from training import misc
from training.events import Events
from training.snapshots import Pickles

STATE = 'state.npz'
LOG = 'log.csv'
GRID = 8, 4  # Columns and rows of the sample grids.


class RunFolder:
    """The files of one run; makes the folder.

    Args:
        path: folder, new or of the run that goes on.
        shared: it may hold other files, too, as that of `dnnlib.submit_run`.
        snapshots: object that draws and saves the networks, see `training.snapshots`; default: Pickles.
    Raises: UserError if it holds something else.
    """

    def __init__(self, path, shared=False, snapshots=None):
        self.path, self._snapshots = os.fspath(path), snapshots or Pickles()
        begun = os.path.exists(self.file('recipe.json'))
        if not (shared or begun) and os.path.isdir(self.path) and os.listdir(self.path):
            raise UserError('%s holds other files, but no training run; give a new folder' % self.path)
        with artefacts.writing(self.path):
            os.makedirs(self.path, exist_ok=True)
        self._events = Events(self.path)

    def file(self, name):
        """Path of a file of the run."""
        return os.path.join(self.path, name)

    def has_state(self):
        return os.path.exists(self.file(STATE))

    # ---------------------------------------------------------------- numbers

    def log(self, row):
        """Adds a row (dict of numbers) to log.csv and to the TensorBoard events, which then hold the means of all
        summaries.
        """
        rows = self._rows() + [{key: '%.6g' % value for key, value in row.items()}]
        self._write_rows(rows)
        step = int(row['kimg'] * 1000)
        self._events.add_summary(
            tf.Summary(
                value=[tf.Summary.Value(tag='Progress/' + key, simple_value=value) for key, value in row.items()]
            ),
            step,
        )
        save_summaries(self._events, step)

    def drop_rows_after(self, kimg):
        """Forgets what was logged after the state that training goes on from."""
        self._write_rows([row for row in self._rows() if float(row['kimg']) <= kimg + 1e-6])

    def advice(self):
        """What to do when a loss is no longer finite."""
        names = sorted(name for name in os.listdir(self.path) if self._is_snapshot(name))
        return self._snapshots.advice(self.file(names[-1]) if names else None)

    def _is_snapshot(self, name):
        return name.startswith('network-snapshot-') and name.endswith(self._snapshots.ENDING)

    def _rows(self):
        if not os.path.exists(self.file(LOG)):
            return []
        return tables.read_csv(self.file(LOG))

    def _write_rows(self, rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        if rows:
            tables.write_csv(self.file(LOG), [{name: row.get(name) for name in names} for row in rows])

    # ---------------------------------------------------------------- images and networks

    def save_reals(self, images, grid=GRID):
        """reals.png from uint8 images [N, C, H, W] in a grid of (columns, rows)."""
        self._save_grid('reals.png', images, [0, 255], grid)

    def save_fakes(self, name, networks, labels, seed, grid=GRID):
        """A grid (columns, rows) of images of the averaged generator of (G, D, Gs), see `Pickles.images`."""
        images = self._snapshots.images(networks, labels, seed)
        finite.check(images, 'the images of Gs for %s' % name, 'start again with a lower learning rate')
        self._save_grid(name, images, [-1, 1], grid)

    def _save_grid(self, name, images, drange, grid):
        grid = misc.convert_to_pil_image(misc.create_image_grid(images, grid), drange)
        content = io.BytesIO()  # Pillow would not say why a file takes no more.
        grid.save(content, format='PNG')
        with artefacts.atomic_path(self.file(name)) as temporary:
            temporary.write_bytes(content.getvalue())

    def save_networks(self, stem, networks):
        """Saves (G, D, Gs), see `training.snapshots`; returns the path, STEM and the ending."""
        path = self.file(stem + self._snapshots.ENDING)
        with artefacts.writing(path):
            self._snapshots.save(networks, path)
        kept.add(path)
        return path
