"""Which networks there are (models.json) and where their files are."""

import dataclasses
import difflib
import os
from pathlib import Path
from typing import Dict, Optional

from dnnlib import contents, file_kinds
from regan.base import artefacts, json_records, places
from regan.base.errors import UserError
from regan.base.json_records import choice, declared, integer, key, optional, text
from regan.base.typing import PathLike
from regan.networks import addresses

EMBEDDED = places.NETWORKS
REGISTRY = Path(__file__).with_name('models.json')


@dataclasses.dataclass(frozen=True)
@declared
class Model:
    """One network of the registry."""

    file: str = key(text, 'name of its file, without folder')
    source: str = key(
        choice('embedded', 'download', 'by hand'),
        '"embedded" (it ships with the project), "download" (`url` gives the file) or "by hand" (`url` is a page)',
    )
    url: Optional[str] = key(optional(text), 'public address, or None when embedded')
    alias: Optional[str] = key(optional(text), 'the name under which official scripts ask for it, or None')
    sha256: Optional[str] = key(optional(text), 'of the file; None where the publisher states none')
    licence: str = key(text, 'of the weights')
    generation: int = key(choice(0, 1, 2), '1 (StyleGAN) or 2 (StyleGAN2); 0: BigGAN-deep')
    resolution: int = key(integer(4), 'pixels of a side')
    num_layers: int = key(integer(2), 'L, the number of layers that take a latent')
    dataset: str = key(text, "what it was trained on, in GANSpace's spelling; the named edits of `edit_zoo` go by it")
    remark: str = key(text, 'what it shows')
    packaged: bool = key(choice(True, False), 'whether it is in wheels, too; of an embedded one', default=False)


def registry(path: PathLike = REGISTRY) -> Dict[str, Model]:
    """All networks: dict name -> Model, in the order of the file. Raises UserError on a bad entry."""
    return {
        name: json_records.build(Model, entry, '%s, %s' % (Path(path).name, name))
        for name, entry in json_records.load(path).items()
    }


def find(name: str) -> Optional[Model]:
    """The Model of a registered name, alias or address, or None."""
    models = registry()
    if name in models:
        return models[name]
    place = addresses.key(name)
    found = [m for m in models.values() if m.alias == name or place is not None and addresses.key(m.url) == place]
    return found[0] if found else None


def resolve(name_or_path: PathLike, folder: Optional[PathLike] = None) -> Path:
    """The Path of a network's file: of a registered name, its alias, its address, or the path itself.

    Args:
        name_or_path: registered names come first; write ./NAME for a file that is called like one. An address that is
            not registered has the SHA-256 of its file at its end, https://HOST/FILE#sha256=DIGEST. What is followed by
            ::NAME stands for one network of the file, see `NetworkFile`; the Path ends in it then, too.
        folder: with files that the user already has; default $REGAN_NETWORKS. What is found neither
            there nor in the cache is downloaded into the cache.

    Raises:
        UserError: an unknown name, a file with a wrong checksum, a failed download, or a file that
            has to be fetched by hand.
    """
    file, choice = contents.split(name_or_path)
    path = _resolved(file, folder)
    return path if choice is None else Path(str(path) + contents.CHOICE + choice)


def _resolved(name_or_path, folder):
    model = find(name_or_path)
    if model is not None:
        return _locate(model, model.sha256, folder)
    if not addresses.is_address(name_or_path):
        return _existing(name_or_path)
    place = addresses.local_path(name_or_path)
    if place is not None:
        return _existing(place)
    url, sha256 = addresses.with_checksum(name_or_path)
    model = find(url)
    if model is not None and model.sha256 in (None, sha256):
        return _locate(model, sha256, folder)
    return artefacts.fetch(url, sha256, addresses.file_name(url, sha256), artefacts.cache_dir() / 'networks', folder)


def record_hash(name: str, folder: Optional[PathLike] = None, path: PathLike = REGISTRY) -> None:
    """Write the checksum of a network's present file into the registry; for a file that was replaced on
    purpose, or to pin one whose publisher states none. From the project's folder:

        python -c "from regan.networks import models; models.record_hash('NAME')"
    """
    entries = json_records.load(path)
    entries[name]['sha256'] = artefacts.sha256_file(_locate(registry(path)[name], None, folder))
    artefacts.write_json(path, entries)


def _locate(model, sha256, folder):
    cache = artefacts.cache_dir() / 'networks'
    if model.source == 'embedded':
        return _embedded(model, sha256, folder, cache)
    if model.source == 'download':
        return artefacts.fetch(model.url, sha256, model.file, cache, folder)
    try:
        return artefacts.fetch(None, sha256, model.file, cache, folder)
    except UserError as error:
        raise UserError('%s; its page is %s' % (error, model.url))


def _embedded(model, sha256, folder, cache):
    path = EMBEDDED / model.file
    if places.INSTALLED and not path.exists():  # A wheel has the packaged ones only.
        try:
            return artefacts.fetch(None, sha256, model.file, cache, folder)
        except UserError as error:
            raise UserError(
                '%s; a checkout of the project has it in its folder networks/, which REGAN_NETWORKS or '
                '--networks-folder may name' % error
            )
    found = artefacts.sha256_file(path)
    if sha256 not in (None, found):
        raise UserError(
            '%s has SHA-256 %s but models.json says %s; restore the file, or see models.record_hash '
            'if you replaced it' % (path, found, sha256)
        )
    return path


def _existing(path):
    if os.path.isfile(path):
        return Path(path)
    if os.path.exists(path):
        found = file_kinds.of_path(path)
        if found.key in file_kinds.READERS:  # A folder that is one network.
            return Path(path)
        raise UserError('%s is %s, no network; %s' % (path, found.what, found.advice))
    names = list(registry())
    close = difflib.get_close_matches(str(path), names, n=1)
    raise UserError(
        '%s is neither a file nor a registered network%s; the names are: %s'
        % (path, ' (did you mean %s?)' % close[0] if close else '', ', '.join(names))
    )
