// The view document (regan_view 1) as plain data. The server checks it; nothing here touches the page.

export const ZONES = ['all', 'coarse', 'middle', 'fine'];

/** A first view of a network: one seed, nothing edited. */
export function freshView(welcome, seed = 1) {
  const { network, basis } = welcome;
  return {
    regan_view: 1,
    network: { name: network.name, sha256: network.sha256 },
    basis: basis && nameOfBasis(basis),
    latents: [{ seed }],
    label: null,
    edits: [],
    gain: 1,
    psi: 0.7,
    cutoff: null,
    noise: { mode: 'stored' },
    compat: 'fixed',
    show: { kind: 'single', latent: 0 },
  };
}

export const nameOfBasis = ({ key, estimator, components }) => ({ key, estimator, components });

/** An edit of a view, with its defaults. */
export function freshEdit(direction, layers, amount = 1, name = '') {
  return { direction, layers, mode: 'offset', unit: 'stdev', amount, on: true, name, tags: [] };
}

export const replace = (items, index, item) => items.map((old, i) => (i === index ? item : old));
export const without = (items, index) => items.filter((_, i) => i !== index);

export function withEdit(view, index, change) {
  return { ...view, edits: replace(view.edits, index, { ...view.edits[index], ...change }) };
}

export function withoutEdit(view, index) {
  const { show } = view;
  const edits = without(view.edits, index);
  if (show.kind !== 'strip' || show.edit < index) return { ...view, edits };
  const next = show.edit > index ? { ...show, edit: show.edit - 1 } : { kind: 'single', latent: show.latent };
  return { ...view, edits, show: next };
}

/** The latent on stage. */
export const starred = (view) => view.show.latent || 0;

export function withStarred(view, latent) {
  const show = view.show.kind === 'grid' ? { kind: 'single' } : view.show;
  return { ...view, show: { ...show, latent } };
}

export function withoutLatent(view, index) {
  const now = starred(view);
  const next = Math.min(now > index ? now - 1 : now, view.latents.length - 2);
  const latents = without(view.latents, index);
  return view.show.kind === 'grid' ? { ...view, latents } : { ...view, latents, show: { ...view.show, latent: next } };
}

/** The view as the stage asks for it: both halves of a comparison are single pictures. */
export function single(view) {
  return { ...view, show: { kind: 'single', latent: starred(view) } };
}

/** What the edited picture is compared with: another view, or the latent as it is. */
export function compared(view) {
  return view.show.other ? single(view.show.other) : base(view);
}

/** The view without what only its edits and its way of showing decide: of which a sheet is made. */
export function base(view) {
  return { ...single(view), edits: [], gain: 1 };
}

// ---------------------------------------------------------------- layers

/** [[0, 3], [5, 6]] -> a Set of 0, 1, 2, 5. */
export function layerSet(ranges) {
  const found = new Set();
  for (const [start, end] of ranges) for (let i = start; i < end; i += 1) found.add(i);
  return found;
}

/** A Set of layers -> half-open ranges, in order. */
export function layerRanges(set) {
  const ranges = [];
  for (const i of [...set].sort((a, b) => a - b)) {
    const last = ranges[ranges.length - 1];
    if (last && last[1] === i) last[1] = i + 1;
    else ranges.push([i, i + 1]);
  }
  return ranges;
}

const WITHIN = {
  all: () => true,
  coarse: (size) => size <= 8,
  middle: (size) => size > 8 && size <= 32,
  fine: (size) => size > 32,
};

/** The layers of a zone (4-8, 16-32, 64 up), as ranges; of a small network some zones are empty. */
export function zoneRanges(zone, layers) {
  return layerRanges(new Set(layers.filter(({ resolution }) => WITHIN[zone](resolution)).map(({ index }) => index)));
}

/** Half-open ranges as people write them: '0-2, 5', or 'all'. */
export function layersText(ranges, count) {
  if (ranges.length === 1 && ranges[0][0] === 0 && ranges[0][1] === count) return 'all';
  return ranges.map(([start, end]) => (end === start + 1 ? `${start}` : `${start}-${end - 1}`)).join(', ');
}

// ---------------------------------------------------------------- words

export function directionText(direction) {
  if ('component' in direction) return `v${direction.component}`;
  if ('random' in direction) return `random ${direction.random.join(':')}`;
  if ('edit' in direction) return direction.edit;
  if ('boundary' in direction) return `boundary ${direction.boundary}`;
  return `file ${direction.file.slice(0, 8)}`;
}

export function editText(edit, count) {
  return `E(${directionText(edit.direction)}, ${layersText(edit.layers, count) || 'no layer'})`;
}

/** What a slider says aloud: '2.5 standard deviations, component 15, layers 0-2'. */
export function spokenAmount(edit, count) {
  const unit = edit.unit === 'stdev' ? 'standard deviations' : 'units';
  const direction = 'component' in edit.direction ? `component ${edit.direction.component}` : directionText(edit.direction);
  return `${edit.amount} ${unit}, ${direction}, layers ${layersText(edit.layers, count) || 'none'}`;
}

export function latentText(latent) {
  if ('mix' in latent) return `${latentText(latent.mix.row)} with ${latentText(latent.mix.column)}`;
  return 'seed' in latent ? `${latent.seed}` : `${latent.file}:${latent.row}`;
}

/** The picture in words, for those who do not see it. */
export function spokenView(view, count) {
  const on = view.edits.filter((edit) => edit.on);
  const edits = on.map((edit) => `${edit.name || editText(edit, count)} by ${edit.amount}`);
  return (
    `${view.network.name}, latent ${latentText(view.latents[starred(view)])}, truncation ${view.psi}, ` +
    (edits.length ? `edits: ${edits.join('; ')}` : 'no edits')
  );
}

// ---------------------------------------------------------------- text and links

/** JSON with sorted keys and no blanks: equal views give equal text. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const entries = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(Object.is(value, -0) ? 0 : value);
}

export function fragment(view) {
  const bytes = new TextEncoder().encode(canonical(view));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return `#view=${btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
}
