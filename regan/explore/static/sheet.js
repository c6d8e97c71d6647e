// F: the contact sheet. A row for each direction, tiles for each zone at minus and plus one step; sorted and searched.

import { html, useEffect, useMemo, useRef, useState } from './vendor/htm-preact.js';
import { paint } from './connection.js';
import { MASK } from './stage.js';
import { Typed } from './typed.js';
import { ZONES, base, canonical, directionText, zoneRanges } from './view.js';

const SORTS = [
  ['index', 'component'],
  ['variance', 'variance'],
  ['change', 'change'],
  ['local', 'local'],
  ['colour', 'colour'],
  ['consistent', 'consistent'],
  ['even', 'even'],
  ['region', 'region'],
  ['factor', 'factor'],
  ['example', 'example'],
  ['similar', 'like starred'],
];
const TILE = 64;
const ROW = 84; // Height of a row in pixels, as in the style sheet.
const SPARE = 4; // Rows drawn above and below those that are seen.
const SORT_SEEDS = 4;

/** The tiles of one sheet, and the job that brings them; it outlives what is drawn. */
class Tiles {
  constructor(explorer, changed) {
    this.explorer = explorer;
    this.changed = changed;
    this.found = new Map(); // 'row zone sign' -> {header, source}
    explorer.tile = (header, source) => this.came(header, source);
  }

  start(spec) {
    const key = canonical(spec);
    if (key === this.key) return;
    this.stop();
    this.key = key;
    this.found.clear();
    this.progress = null;
    const job = this.explorer.connection.job('sheet', { spec }, (progress) => {
      this.progress = progress;
      this.changed();
    });
    this.job = job.id;
    job.then(
      (answer) => this.ended(job.id, answer.type),
      (error) => this.ended(job.id, error.message),
    );
    this.changed();
  }

  ended(id, how) {
    if (id !== this.job) return;
    this.job = null;
    if (how === 'done') this.progress = null;
    else this.key = null; // What was stopped can be asked for again.
    if (how !== 'done' && how !== 'cancelled') this.explorer.say(how);
    this.changed();
  }

  stop() {
    if (!this.job) return;
    this.explorer.connection.cancel(this.job);
    this.job = null;
    this.key = null;
    this.progress = null;
  }

  came(header, source) {
    if (header.job !== this.job) return;
    this.found.set(`${header.row} ${header.zone} ${header.sign}`, { header, source });
    this.changed();
  }
}

export function SheetPanel({ explorer, state }) {
  const [, redraw] = useState(0);
  const tiles = useMemo(() => {
    let frame = null;
    return new Tiles(explorer, () => {
      frame = frame || requestAnimationFrame(() => [(frame = null), redraw((count) => count + 1)]);
    });
  }, []);
  const [options, setOptions] = useState({ kind: 'components', step: 2, difference: false, sort: 'index', factor: '', find: '', pins: [0, 1] });
  const [ranking, setRanking] = useState(null); // {order, values, errors, sort}
  const [cursor, setCursor] = useState(0);
  const { welcome, view, sheetOpen, phase, tab, zone } = state;
  const seen = sheetOpen || tab === 'sheet';
  const rows = useMemo(() => rowsOf(options.kind, welcome), [options.kind, welcome]);
  const zones = ZONES.filter((name) => zoneRanges(name, welcome.network.layers).length);
  const spec = {
    view: base(view),
    rows: options.kind,
    zones,
    step: options.step,
    size: TILE,
    difference: options.difference,
    seeds: sortSeeds(view),
  };
  useEffect(() => {
    if (phase === 'ready' && seen && rows.length) tiles.start(spec);
    if (phase === 'lost') tiles.key = null;
  }, [canonical(spec), phase, seen, rows.length]);
  const shown = arranged(rows, ranking, options, explorer);
  explorer.sheet = {
    move: (step) => setCursor(Math.max(0, Math.min(shown.length - 1, cursor + step))),
    stop: () => {
      tiles.stop();
      redraw((count) => count + 1);
    },
  };
  const set = (change) => setOptions({ ...options, ...change });
  const rank = async (sort, change = {}) => {
    const next = { ...options, sort, ...change };
    setOptions(next);
    setRanking(null);
    if (sort === 'index') return;
    if (sort === 'region' && !(state.mask && state.mask.size)) {
      explorer.update({ painting: true });
      explorer.say('Paint a region on the picture, then sort by region again.');
      return;
    }
    if (sort === 'example' && view.latents.length < 2) {
      explorer.notify('A search by example needs two latents; pin one more.');
      return;
    }
    const factor = sort === 'factor' ? next.factor || welcome.factors[0] : null;
    const starred = rows.map((row, i) => (explorer.isStarred(row.direction) ? i : -1)).filter((i) => i >= 0);
    if (sort === 'similar' && !starred.length) {
      explorer.notify('Star at least one row first; then rows that change the picture alike come first.');
      return;
    }
    const answer = await explorer.attempt(
      explorer.connection.job(
        'rank',
        {
          sort,
          zone: ZONES.includes(zone) ? zone : 'all',
          step: options.step,
          view: sort === 'example' ? view : base(view),
          seeds: sortSeeds(view),
          mask: sort === 'region' ? maskRows(state.mask) : null,
          factor,
          pins: sort === 'example' ? next.pins : null,
          rows: sort === 'similar' ? starred : null,
        },
        ({ done, total }) => explorer.say(`Ranking: ${done} of ${total}.`),
      ),
    );
    if (answer) {
      setRanking({ ...answer, sort });
      setCursor(0);
      explorer.say(`Sorted by ${sort}.`);
    }
  };
  const add = (row, name, sign) => explorer.addEdit(row.direction, zoneRanges(name, welcome.network.layers), sign * options.step, row.name);
  return html`<section class="sheet" aria-label="Contact sheet">
    <div class="sheet-bar">
      <button
        class="drawer"
        aria-expanded=${String(sheetOpen)}
        aria-controls="sheet-rows"
        onClick=${() => explorer.prefer({ sheetOpen: !sheetOpen })}
      >
        Sheet <i class="caret"></i>
      </button>
      <label>
        rows
        <select value=${options.kind} onChange=${({ target }) => [setRanking(null), set({ kind: target.value, sort: 'index' })]}>
          <option value="components">components</option>
          <option value="random">random directions</option>
          <option value="edits">named edits</option>
        </select>
      </label>
      <label>
        sort
        <select value=${options.sort} onChange=${({ target }) => rank(target.value)}>
          ${SORTS.filter(([name]) => name !== 'factor' || welcome.factors).map(([name, title]) => html`<option value=${name}>${title}</option>`)}
        </select>
      </label>
      ${options.sort === 'factor' &&
      html`<select aria-label="Factor" value=${options.factor || welcome.factors[0]} onChange=${({ target }) => rank('factor', { factor: target.value })}>
        ${welcome.factors.map((name) => html`<option value=${name}>${name}</option>`)}
      </select>`}
      ${options.sort === 'example' && html`<${Pins} view=${view} pins=${options.pins} change=${(pins) => rank('example', { pins })} />`}
      ${options.sort === 'example' &&
      ranking &&
      ranking.edits &&
      html`<button onClick=${() => explorer.addEdits(ranking.edits)}>Add the first ${ranking.edits.length} as edits</button>`}
      <div class="zones" role="group" aria-label="Zone">
        ${zones.map(
          (name) => html`<button aria-pressed=${String(zone === name)} onClick=${() => explorer.update({ zone: name })}>${name}</button>`,
        )}
      </div>
      <label>
        step
        <${Typed} type="number" min="0.1" max=${welcome.limits.amount} step="0.5" value=${options.step} done=${({ target }) => Number(target.value) > 0 && set({ step: Number(target.value) })} />
      </label>
      <label><input type="checkbox" checked=${options.difference} onChange=${({ target }) => set({ difference: target.checked })} /> difference</label>
      <label>find <input id="find" type="search" value=${options.find} placeholder="v15, name, #tag, ★" onInput=${({ target }) => set({ find: target.value })} /></label>
      <button aria-pressed=${String(state.painting)} onClick=${() => explorer.update({ painting: !state.painting, tab: state.painting ? state.tab : 'stage' })}>Paint region</button>
      ${tiles.job &&
      html`<span class="count">${tiles.progress ? `${tiles.progress.done}/${tiles.progress.total}` : 'starting'}</span>
        <button onClick=${explorer.sheet.stop}>Stop</button>`}
    </div>
    <div id="sheet-rows" class="rows-area" hidden=${!seen}>
      ${seen &&
      html`<${Rows}
        shown=${shown}
        zones=${zone === 'all' ? zones : [zone].filter((name) => zones.includes(name))}
        tiles=${tiles}
        ranking=${ranking}
        difference=${options.difference}
        step=${options.step}
        cursor=${cursor}
        setCursor=${setCursor}
        add=${add}
        explorer=${explorer}
        state=${state}
      />`}
    </div>
  </section>`;
}

function Pins({ view, pins, change }) {
  const choose = (at) => ({ target }) => change(at ? [pins[0], Number(target.value)] : [Number(target.value), pins[1]]);
  return html`${[0, 1].map(
    (at) => html`<select aria-label=${at ? 'To latent' : 'From latent'} value=${String(pins[at])} onChange=${choose(at)}>
      ${view.latents.map((_, i) => html`<option value=${String(i)}>latent ${i + 1}</option>`)}
    </select>`,
  )}`;
}

/** The rows that are seen, and a few more; the others only take their room. */
function Rows({ shown, zones, tiles, ranking, difference, step, cursor, setCursor, add, explorer, state }) {
  const area = useRef(null);
  const [range, setRange] = useState([0, 12]);
  const measure = () => {
    const { scrollTop, clientHeight } = area.current;
    const next = [Math.floor(scrollTop / ROW), Math.ceil((scrollTop + clientHeight) / ROW)];
    if (next[0] !== range[0] || next[1] !== range[1]) setRange(next);
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(area.current);
    return () => observer.disconnect();
  });
  const first = Math.max(0, range[0] - SPARE);
  const end = Math.min(shown.length, range[1] + SPARE);
  const visible = shown.slice(range[0], range[1]).map(({ index }) => index);
  useEffect(() => {
    if (tiles.job && visible.length) {
      explorer.connection.send({ type: 'visible', job: tiles.job, rows: [Math.min(...visible), Math.max(...visible) + 1] });
    }
  }, [tiles.job, visible.join()]);
  useEffect(() => {
    const top = cursor * ROW;
    const { scrollTop, clientHeight } = area.current;
    if (top < scrollTop) area.current.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) area.current.scrollTop = top + ROW - clientHeight;
  }, [cursor]);
  const signs = difference ? [0] : [-1, 1];
  const key = (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves && event.target === area.current) {
      explorer.sheet.move(moves[event.key]);
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Enter' && event.target === area.current && shown[cursor]) {
      add(shown[cursor], zones[0], event.shiftKey ? -1 : 1);
      event.preventDefault();
    } else if (event.key.toLowerCase() === 's' && event.target === area.current && shown[cursor]) {
      explorer.toggleStar(shown[cursor].direction);
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return html`<div class="rows" ref=${area} tabindex="0" role="group" aria-label=${`${shown.length} rows; up and down choose, Enter adds, S stars`} onScroll=${measure} onKeyDown=${key}>
    <div class="rows-length" style=${{ height: `${shown.length * ROW}px` }}>
      ${shown.slice(first, end).map((row, i) => {
        const number = first + i;
        return html`<div
          key=${row.key}
          class=${`row ${number === cursor ? 'cursor' : ''}`}
          style=${{ top: `${number * ROW}px` }}
          onPointerDown=${() => setCursor(number)}
        >
          <div class="row-facts">
            <span class="row-name">
              <code>${row.key}</code> ${row.name}
              <button class="icon" aria-label=${`Star ${row.key}`} aria-pressed=${String(explorer.isStarred(row.direction))} onClick=${() => explorer.toggleStar(row.direction)}>
                ${explorer.isStarred(row.direction) ? '★' : '☆'}
              </button>
            </span>
            <small>${rowFacts(row, ranking)}</small>
          </div>
          ${zones.map(
            (zone) => html`<div class="zone-tiles" key=${zone}>
              ${signs.map(
                (sign) => html`<${Tile}
                  key=${sign}
                  tile=${tiles.found.get(`${row.index} ${zone} ${sign}`)}
                  smooth=${state.smooth}
                  name=${`Add ${row.key}, ${zone}, at ${sign < 0 ? 'minus' : 'plus'} ${step}`}
                  title=${`${zone} ${sign ? `${sign < 0 ? '−' : '+'}${step}` : 'difference'}`}
                  add=${() => add(row, zone, sign || 1)}
                />`,
              )}
              <small>${zone}</small>
            </div>`,
          )}
        </div>`;
      })}
    </div>
    ${shown.length === 0 && html`<p class="empty">No row fits; change what is searched for.</p>`}
  </div>`;
}

function Tile({ tile, smooth, name, title, add }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (tile) paint(canvas.current, tile.source);
  }, [tile]);
  return html`<button class=${tile ? 'tile' : 'tile waiting-tile'} tabindex="-1" aria-label=${name} title=${title} onClick=${add}>
    <canvas ref=${canvas} width="1" height="1" class=${smooth ? 'smooth' : 'pixels'} aria-hidden="true"></canvas>
  </button>`;
}

// ---------------------------------------------------------------- plain functions

function rowsOf(kind, { basis, edits }) {
  if (kind === 'edits') {
    return edits.map((edit, index) => ({ index, key: edit.name, name: '', direction: { edit: edit.edit }, tags: edit.tags }));
  }
  if (!basis) return [];
  return Array.from({ length: basis.components }, (_, index) => {
    const direction = kind === 'random' ? { random: [0, index] } : { component: index };
    const known = kind === 'components' ? edits.filter((edit) => edit.component === index) : [];
    return {
      index,
      key: directionText(direction),
      name: known.map((edit) => edit.name).join(', '),
      tags: known.flatMap((edit) => edit.tags),
      direction,
      stdev: basis.stdev[index],
      share: basis.share[index],
    };
  });
}

function arranged(rows, ranking, { find }, explorer) {
  const ordered = ranking ? ranking.order.map((index) => rows[index]).filter(Boolean) : rows;
  const words = find.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return ordered.filter((row) => words.every((word) => fits(row, word, explorer)));
}

function fits(row, word, explorer) {
  if (word === '★' || word === '*') return explorer.isStarred(row.direction);
  if (word.startsWith('#')) return row.tags.some((tag) => tag.toLowerCase().startsWith(word.slice(1)));
  if (/^v?\d+$/.test(word)) return row.key.toLowerCase() === (word.startsWith('v') ? word : `v${word}`);
  return `${row.key} ${row.name}`.toLowerCase().includes(word);
}

function rowFacts(row, ranking) {
  const parts = [];
  if (ranking && ranking.values && typeof ranking.values[row.index] === 'number') {
    const error = ranking.errors && ranking.errors[row.index];
    parts.push(`${ranking.sort} ${ranking.values[row.index].toPrecision(3)}${error ? ` ± ${error.toPrecision(2)}` : ''}`);
  }
  if (row.share !== undefined) parts.push(`${(100 * row.share).toFixed(1)} % of variance`);
  return parts.join(', ');
}

function sortSeeds(view) {
  const first = view.latents.find((latent) => 'seed' in latent);
  const seed = first ? first.seed : 1;
  return Array.from({ length: SORT_SEEDS }, (_, i) => (seed + i) % 2 ** 32);
}

function maskRows(mask) {
  return {
    size: MASK,
    rows: Array.from({ length: MASK }, (_, row) =>
      Array.from({ length: MASK }, (__, column) => (mask.has(row * MASK + column) ? '1' : '0')).join(''),
    ),
  };
}
