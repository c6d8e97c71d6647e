"""From a spec to sections: opens the networks, measures what is not in the cache, and lets every section judge."""

import contextlib
import dataclasses
from pathlib import Path

import checkout

from regan.base import provenance
from regan.base.errors import UserError
from regan.components import pca
from regan.editing import edit_zoo
from regan.networks import models
from studies import control, importance, order, resampling, stability, transfer
from studies.random_mapping import RandomMapping
from studies.subject import Subject

SECTIONS = ('importance', 'control', 'order', 'resampling', 'transfer', 'stability')


@contextlib.contextmanager
def open_subjects(spec, sizes, cache, progress=None):
    """Context manager: list of Subject, one for each network of `sizes`, whose networks are open inside the block.

    Args:
        spec: ClaimsSpec.
        sizes: one of its Sizes.
        cache: folder.
        progress: callable (description, total) -> object with update(k) and close(), or None.
    """
    from regan.judges.reader import FactorReader  # TensorFlow takes seconds to load.
    from regan.networks.generator import Generator

    with contextlib.ExitStack() as stack:
        subjects = []
        for name in sizes.networks:
            generator = stack.enter_context(Generator.open(models.resolve(name)))
            reader = stack.enter_context(FactorReader(reader_path(spec.networks[name].reader)))
            _check(spec, name, generator, reader)
            basis = _basis(
                generator,
                dataclasses.replace(spec.pca, components=generator.dlatent_size),
                cache,
                progress,
                Path(name).stem,
            )
            subjects.append(
                Subject(
                    Path(name).stem,
                    generator,
                    reader,
                    basis,
                    spec.psi,
                    spec.seed,
                    sizes.samples,
                    spec.least_r2,
                    cache / 'claims',
                    progress,
                )
            )
        yield subjects


def reader_path(name):
    """The path of a reader's file: one of networks/, else the path itself."""
    return checkout.NETWORKS / name if (checkout.NETWORKS / name).exists() else Path(name)


def _check(spec, name, generator, reader):
    if reader.world not in spec.groups:
        raise UserError('the groups of the spec do not have the world %s of %s; add it' % (reader.world, name))
    for named in spec.networks[name].edits:
        named.edit.layers(generator.num_layers)
        if named.factor not in reader.factor_names:
            raise UserError(
                '%s: the edit %s names the factor %s; %s have %s'
                % (name, named.name, named.factor, reader.world, ', '.join(reader.factor_names))
            )
    if max(end for _, end in spec.layers) > generator.num_layers:
        raise UserError(
            '%s has %d layers, fewer than the ranges of the spec; correct them' % (name, generator.num_layers)
        )


def _basis(mapping, pca_spec, cache, progress, name):
    bar = progress('%s, components' % name, pca_spec.fitted_rows) if progress else None
    try:
        return pca.load_or_compute(mapping, pca_spec, cache, bar and bar.update)
    finally:
        if bar:
            bar.close()


class Study:
    """The measurements of some subjects, each made when a section first needs it.

    Args:
        spec: ClaimsSpec.
        sizes: one of its Sizes.
        subjects: list of Subject.
        cache: folder.
        train: callable as `regan.editing.boundary.train`.
        progress: see `open_subjects`.
        singles: dict (network, edit) -> (component, side) of Claim 2's single components, where they have been chosen
            before.
    """

    def __init__(self, spec, sizes, subjects, cache, train, progress=None, singles=()):
        self._spec, self._sizes, self._subjects, self._cache, self._train, self._progress = (
            spec,
            sizes,
            subjects,
            cache,
            train,
            progress,
        )
        self._singles = dict(singles)
        self._entries = {Path(name).stem: entry for name, entry in spec.networks.items()}
        self._importance = {}

    def section(self, name):
        """A section of SECTIONS by name; None if the spec has nothing for it (no named edits, no pairs, no
        variations).
        """
        return getattr(self, '_section_' + name)()

    def facts(self):
        """What the numbers depend on, as JSON values."""
        spec, first = self._spec, self._subjects[0]
        networks = {
            subject.name: dict(
                sha256=subject.generator.sha256,
                reader_sha256=subject.reader.sha256,
                world=subject.reader.world,
                factors=list(subject.units.names),
                left_out=list(subject.units.left_out),
            )
            for subject in self._subjects
        }
        components = '%(estimator)s of %(n)d samples, batch size %(batch_size)d, seed %(seed)d, all components' % vars(
            spec.pca
        )
        return dict(
            provenance.software(first.generator.backend),
            networks=networks,
            seed=spec.seed,
            psi=spec.psi,
            least_r2=spec.least_r2,
            pca=components,
            sizes=dataclasses.asdict(self._sizes),
        )

    def _importances(self):
        if not self._importance:
            self._importance = {
                subject.name: importance.measure(subject, self._sizes.latents, self._sizes.per_latent)
                for subject in self._subjects
            }
        return self._importance

    def _profile(self, subject):
        found = self._importances()[subject.name]
        along, _ = importance.changes(subject, found)
        return importance.profiles(found['component'], along, len(subject.basis.components))

    @property
    def _choice(self):
        return dict(latents=self._sizes.latents, per_latent=self._sizes.per_latent, samples=self._sizes.samples)

    def _edits(self, subject):
        """The named edits whose factor is read well enough."""
        return [named for named in self._entries[subject.name].edits if named.factor in subject.units.names]

    def _controls(self, subject):
        sizes, profile = self._sizes, self._profile(subject)
        return [
            control.measure(
                subject,
                named,
                profile,
                self._choice,
                sizes.edit_latents,
                sizes.pilot_latents,
                self._spec.boundary_ratio,
                self._train,
                self._singles.get((subject.name, named.name)),
            )
            for named in self._edits(subject)
        ]

    # ------------------------------------------------------------------ sections

    def _section_importance(self):
        return importance.section(self._subjects, self._importances(), self._spec.bands)

    def _section_control(self):
        entries = {subject.name: self._edits(subject) for subject in self._subjects}
        if any(entries.values()):
            return control.section(
                self._subjects, entries, {subject.name: self._controls(subject) for subject in self._subjects}
            )
        return None

    def _section_order(self):
        spec, sizes = self._spec, self._sizes
        amount = sizes.layer_components, sizes.layer_latents, sizes.layer_per_latent
        measured = {subject.name: order.measure(subject, spec.layers, *amount) for subject in self._subjects}
        return order.section(
            self._subjects, self._importances(), measured, spec.groups, spec.geometry, spec.bands, spec.layers
        )

    def _section_resampling(self):
        spec, sizes = self._spec, self._sizes
        measured = {
            subject.name: resampling.measure(subject, spec.first, sizes.bases, sizes.per_base)
            for subject in self._subjects
        }
        return resampling.section(self._subjects, measured, spec.groups, spec.pose, spec.style, spec.first)

    def _section_transfer(self):
        by_name = {subject.name: subject for subject in self._subjects}
        pairs = [
            (by_name[Path(pair.source).stem], by_name[Path(pair.target).stem])
            for pair in self._spec.transfers
            if {Path(pair.source).stem, Path(pair.target).stem} <= set(by_name)
        ]
        cases = [case for source, target in pairs for case in self._cases(source, target)]
        return transfer.section(cases, self._spec.least_effect) if cases else None

    def _cases(self, source, target):
        sizes, profile = self._sizes, self._profile(target)
        for named, there in zip(self._edits(source), self._controls(source)):
            fits = named.factor in target.units.names and named.edit.component < len(target.basis.components)
            if not fits or (named.edit.end or 0) > target.generator.num_layers:
                continue
            effect = source.units.positions(there['after'][0]) - source.units.positions(there['before'])
            here = transfer.measure(
                source,
                target,
                named,
                effect,
                profile,
                self._choice,
                sizes.edit_latents,
                sizes.pilot_latents,
                self._spec.transfer_components,
                sizes.transfer_candidates,
            )
            yield source, target, named, there, here

    def _section_stability(self):
        chosen = {
            name: changed for name, changed in self._spec.stability.variations.items() if name in self._sizes.variations
        }
        if not (chosen and self._sizes.mappings):
            return None
        found, rows = {}, {}
        for name in self._sizes.mappings:
            mapping, n = self._mapping(name)
            reference = dataclasses.replace(self._spec.stability.reference, n=n)
            label = Path(name).stem
            found[label], rows[label] = (
                stability.bases(mapping, reference, chosen, self._cache, self._progress, label),
                n,
            )
        return stability.section(found, rows, published_indices(), self._spec.stability.least_cosine, self._spec.bands)

    def _mapping(self, name):
        """(what computes w, number of samples)."""
        spec = self._spec.stability
        if name in spec.random:
            facts = dict(spec.random[name])
            n = facts.pop('n', spec.reference.n)
            return RandomMapping(**facts), n
        subjects = {subject.name: subject for subject in self._subjects}
        if Path(name).stem not in subjects:
            raise UserError(
                'the mapping %s is measured for stability but is not among the networks; add it to them' % name
            )
        return subjects[Path(name).stem].generator, spec.reference.n


def published_indices():
    """The component indices that published edits of StyleGAN and StyleGAN2 name: set of int."""
    return {entry.edit.component for entry in edit_zoo.load() if entry.space == 'w' and entry.generation}


def sections(study, names=SECTIONS):
    """The sections that the spec has something for, in order."""
    found = [study.section(name) for name in names]
    return [section for section in found if section]
