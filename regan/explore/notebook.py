"""The explorer in a cell of a notebook: the page in a frame, and a strip in its place where frames cannot be shown."""

from __future__ import annotations

import base64
import functools
from typing import Any, Dict, Optional

from regan.base.typing import PathLike
from regan.components import cached, pca
from regan.explore import start
from regan.explore.explorer import Explorer
from regan.networks import by_name
from regan.pictures import images
from regan.views import bases, carriers, document, drawing, latents
from regan.views.document import View

ANCESTORS = ('http://localhost:*', 'http://127.0.0.1:*', 'https://localhost:*', 'https://127.0.0.1:*')
QUICK = 20000  # Latents behind the components of a strip, if the view does not say which.
TILE = 128  # Pixels of a strip's tiles, at least.

# Under the name that the notebook has: for a browser, localhost and 127.0.0.1 are two sites, and a frame of another
# site gets no cookie. Where scripts do not run, as in a stored notebook, the picture stays.
_PAGE = """<div>
<img alt="%(words)s" src="data:image/png;base64,%(strip)s" style="max-width: 100%%">
<p>The explorer runs where the notebook does: <a href="%(url)s">%(shown)s</a>. This is a picture of it.</p>
<script>
(() => {
  const place = document.currentScript.parentElement;
  if (!['localhost', '127.0.0.1'].includes(location.hostname)) return;
  const frame = document.createElement('iframe');
  frame.src = '%(url)s'.replace('127.0.0.1', location.hostname);
  frame.style = 'width: 100%%; height: %(height)dpx; border: 0';
  frame.title = 'regan explore';
  place.replaceChildren(frame);
})();
</script>
</div>"""


class Embedded:
    """A running explorer that a notebook shows as the value of a cell.

    Attributes:
        url: address with the token, for a tab of its own.
        strip: PNG of a strip, as bytes, which carries its view.
    """

    def __init__(self, running: start.InThread, strip: bytes, height: int) -> None:
        self._running, self._height = running, height
        self.url, self.strip = running.url, strip

    def close(self) -> None:
        """Ends the explorer; the frame shows that the connection is lost."""
        self._running.__exit__(None, None, None)

    def __enter__(self) -> Embedded:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _repr_mimebundle_(self, **_: Any) -> Dict[str, Any]:
        picture = base64.b64encode(self.strip).decode('ascii')
        html = _PAGE % dict(
            url=self.url,
            shown=self.url.split('?')[0],
            strip=picture,
            height=self._height,
            words='A strip of the first component, from minus to plus two standard deviations',
        )
        return {'text/html': html, 'image/png': picture, 'text/plain': 'The explorer is at %s' % self.url}


def embed(
    network: PathLike,
    view: Optional[View] = None,
    folder: Optional[PathLike] = None,
    port: Optional[int] = 0,
    height: int = 820,
) -> Embedded:
    """Starts an explorer that lives as long as the notebook's kernel, or until `close`; the last value of a cell is
    shown.

    Args:
        network: registered name, or file.
        view: View to start with.
        folder: with network files that the user has; default $REGAN_NETWORKS.
        port: to listen on; 0: any that is free.
        height: of the frame, in pixels.

    Raises:
        UserError: the network cannot be opened or has no W space, or the port is taken.
    """
    open_network = functools.partial(by_name.open_generator, str(network), folder)
    with open_network() as generator:
        strip = _strip(generator, view)
    running = start.InThread(Explorer(start.opener(open_network, str(network)), view), port, ANCESTORS)
    running.__enter__()
    return Embedded(running, strip, height)


def _strip(generator, view):
    """PNG of the view's picture, or of a strip of the first component if there is no view."""
    if view is None:
        basis = cached.basis(generator, pca.PCASpec(n=QUICK, components=min(80, generator.dlatent_size)))
        view = document.parse(
            dict(
                regan_view=1,
                network=dict(name=str(generator.path).rsplit('/', 1)[-1][:64], sha256=generator.sha256),
                basis=document.plain(bases.name(basis)),
                latents=[dict(seed=1)],
                edits=[dict(direction=dict(component=0), amount=2.0)],
                show=dict(kind='strip', latent=0, edit=0, frames=5),
            )
        )
    else:
        basis, _ = bases.find(view, generator)
    shown = drawing.shown(drawing.tiles(view, generator, {}, latents.Directions(generator, basis, {})), generator)
    factor = max(1, TILE // generator.resolution)
    return carriers.png(images.enlarge(drawing.arranged(view, shown), factor), view)
