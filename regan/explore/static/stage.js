// C: the picture, alone or beside what it is compared with; zoom, pan, and a painted region.

import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/htm-preact.js';
import { paint } from './connection.js';
import { Typed } from './typed.js';
import { spokenView } from './view.js';

export const KINDS = ['single', 'wipe', 'side', 'strip', 'grid'];
export const MASK = 16; // Cells of a painted region on each side.
const LONG_PRESS_MS = 500;
const LARGEST_STAGE = 4096; // Pixels; no network draws more.
const GAP = 4; // Pixels of the screen between two pictures side by side.

export function Stage({ explorer, state }) {
  const area = useRef(null);
  const [box, setBox] = useState({ width: 512, height: 512 });
  const zoom = useZoom(explorer, area);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      setBox({ width, height });
      const pixels = Math.round(Math.max(width, height) * window.devicePixelRatio);
      explorer.update({ stageSize: Math.min(LARGEST_STAGE, Math.max(16, pixels)) });
    });
    observer.observe(area.current);
    return () => observer.disconnect();
  }, []);
  const { view, frames, holding } = state;
  const { kind } = view.show;
  return html`<section class="stage" aria-label="Stage">
    <div class="compare" role="group" aria-label="How to show the picture">
      ${KINDS.map(
        (name) => html`<button aria-pressed=${String(name === kind)} onClick=${() => explorer.compare(name)}>${name}</button>`,
      )}
      ${kind === 'strip' && html`<${Frames} explorer=${explorer} view=${view} />`}
      ${zoom.scale !== 1 && html`<button onClick=${zoom.reset}>Whole picture</button>`}
    </div>
    <div class="area" ref=${area} tabindex="0" aria-label="Picture; hold Space to see it unedited" ...${zoom.pointer}>
      <div
        class="zoomed"
        style=${{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}
      >
        <${Shown} explorer=${explorer} state=${state} box=${box} />
      </div>
      ${holding && html`<span class="badge">unedited</span>`}
    </div>
    <${Facts} frame=${holding ? frames.before : frames.main} explorer=${explorer} state=${state} />
  </section>`;
}

function Frames({ explorer, view }) {
  const { limits } = explorer.state.welcome;
  const change = ({ target }) => {
    const frames = Math.min(limits.strip, Math.max(2, Math.round(Number(target.value)) || 5));
    explorer.change({ ...view, show: { ...view.show, frames } }, `${frames} frames`);
  };
  return html`<label>frames <${Typed} type="number" min="2" max=${limits.strip} value=${view.show.frames} done=${change} /></label>`;
}

/** The canvas itself, as large as the stage allows. */
function Shown({ explorer, state, box }) {
  const canvas = useRef(null);
  const { view, frames, holding, smooth, welcome } = state;
  const { kind } = view.show;
  const { main, before } = frames;
  const pair = (kind === 'wipe' || kind === 'side') && main && before && !holding;
  const shown = holding && before ? before : main;
  const at = kind === 'wipe' ? view.show.at : 1;
  useLayoutEffect(() => {
    if (!shown) return;
    if (!pair) paint(canvas.current, shown.source);
    else paintPair(canvas.current, before.source, main.source, kind, at);
  }, [shown, before, pair, kind, at]);
  const { width, height } = shown ? shown.source : { width: 1, height: 1 };
  const columns = pair && kind === 'side' ? 2 : 1;
  const scale = Math.min((box.width - GAP * (columns - 1)) / (width * columns), box.height / height);
  const size = { width: `${Math.floor(width * scale * columns)}px`, height: `${Math.floor(height * scale)}px` };
  const header = shown ? shown.header : {};
  return html`<div class="shown" style=${size}>
    <canvas
      ref=${canvas}
      id="stage-canvas"
      class=${smooth ? 'smooth' : 'pixels'}
      role="img"
      aria-label=${spokenView(view, welcome.network.num_layers)}
      data-rev=${header.rev}
      data-view-id=${header.view_id}
      data-pass=${header.pass}
      data-before=${before && before.header.pass === 'final' ? before.header.rev : ''}
      width="1"
      height="1"
    ></canvas>
    ${pair && kind === 'wipe' && html`<${Line} explorer=${explorer} view=${view} />`}
    ${state.painting && html`<${Region} explorer=${explorer} mask=${state.mask} />`}
  </div>`;
}

function paintPair(canvas, before, main, kind, at) {
  const { width, height } = main;
  const held = document.createElement('canvas');
  paint(held, before);
  const shown = document.createElement('canvas');
  paint(shown, main);
  canvas.width = kind === 'side' ? 2 * width : width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  if (kind === 'side') {
    context.drawImage(held, 0, 0, width, height);
    context.drawImage(shown, width, 0);
    return;
  }
  context.drawImage(shown, 0, 0);
  const cut = Math.round(at * width);
  if (cut) context.drawImage(held, 0, 0, (held.width * cut) / width, held.height, 0, 0, cut, height);
}

/** The line of a wipe: dragged, or moved by keys. */
function Line({ explorer, view }) {
  const { at } = view.show;
  const move = (value, options) => {
    const next = Math.min(1, Math.max(0, Math.round(value * 1000) / 1000));
    explorer.change({ ...view, show: { ...view.show, at: next } }, 'wipe', { later: true, ...options });
  };
  const drag = (event) => {
    event.stopPropagation();
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = event.currentTarget.parentElement.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, { dragging: true });
  };
  const key = (event) => {
    const step = event.shiftKey ? 0.1 : 0.01;
    const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    move(moves[event.key]);
  };
  return html`<div
    class="wipe-line"
    role="slider"
    tabindex="0"
    aria-label="Line between before and after"
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${Math.round(at * 100)}
    aria-valuetext=${`${Math.round(at * 100)} % unedited`}
    style=${{ left: `${at * 100}%` }}
    onPointerDown=${drag}
    onPointerMove=${drag}
    onPointerUp=${() => explorer.commit()}
    onKeyDown=${key}
  ></div>`;
}

/** A grid of cells over the picture, in which a region is painted. */
function Region({ explorer, mask }) {
  const root = useRef(null);
  const [adding, setAdding] = useState(null);
  const cellAt = (event) => {
    const box = root.current.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * MASK);
    const row = Math.floor(((event.clientY - box.top) / box.height) * MASK);
    return Math.min(MASK - 1, Math.max(0, row)) * MASK + Math.min(MASK - 1, Math.max(0, column));
  };
  const set = (cell, on) => {
    const next = new Set(mask || []);
    if (on) next.add(cell);
    else next.delete(cell);
    explorer.update({ mask: next });
  };
  const press = (event) => {
    event.stopPropagation();
    const cell = cellAt(event);
    const on = !(mask || new Set()).has(cell);
    root.current.setPointerCapture(event.pointerId);
    setAdding(on);
    set(cell, on);
  };
  const move = (event) => {
    event.stopPropagation();
    if (adding !== null) set(cellAt(event), adding);
  };
  const [cursor, setCursor] = useState(0);
  const key = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -MASK, ArrowDown: MASK };
    if (event.key in steps) setCursor((cursor + steps[event.key] + MASK * MASK) % (MASK * MASK));
    else if (event.key === ' ') set(cursor, !(mask || new Set()).has(cursor));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div
    class="region"
    ref=${root}
    tabindex="0"
    role="application"
    aria-label=${`Region to paint: arrows move, Space paints; ${mask ? mask.size : 0} of ${MASK * MASK} cells`}
    onPointerDown=${press}
    onPointerMove=${move}
    onPointerUp=${() => setAdding(null)}
    onKeyDown=${key}
  >
    ${Array.from(
      { length: MASK * MASK },
      (_, cell) => html`<i class=${`${mask && mask.has(cell) ? 'on' : ''} ${cell === cursor ? 'cursor' : ''}`}></i>`,
    )}
  </div>`;
}

// ---------------------------------------------------------------- below the picture

function Facts({ frame, explorer, state }) {
  const { place, view, welcome } = state;
  const header = frame && frame.header;
  const took = header && Math.round(Object.values(header.ms).reduce((sum, ms) => sum + ms, 0));
  return html`<div class="facts-line">
    ${header
      ? html`<span class=${`pass ${header.pass}`}>${header.pass}</span>
          <span>${header.exact ? 'exact' : 'not exact'}</span>
          <span>${header.w}x${header.h}</span>
          <span>${took} ms</span>
          <span>view <code id="view-id">${header.view_id}</code></span>`
      : html`<span>no picture yet</span>`}
    ${place && place.drift && html`<${Drift} ...${place.drift} />`}
    <${Truncation} explorer=${explorer} view=${view} welcome=${welcome} />
  </div>`;
}

function Drift({ percentile, layer }) {
  const level = percentile > 99.9 ? 'far' : percentile > 99 ? 'edge' : 'usual';
  const words = { far: 'hardly any sample is so far from the mean', edge: 'few samples are so far', usual: 'as samples are' };
  return html`<span class=${`drift ${level}`} title=${`Layer ${layer}: ${words[level]}`}>
    drift ${percentile.toFixed(percentile > 99 ? 1 : 0)} %${level === 'usual' ? '' : level === 'far' ? ' (far)' : ' (edge)'}
    <meter min="0" max="100" value=${percentile} aria-label="Distance from the mean, as a percentile of samples"></meter>
  </span>`;
}

function Truncation({ explorer, view, welcome }) {
  const modes = ['stored', 'none', 'numpy', 'torch-cpu', 'torch-cuda'];
  const seeded = (mode) => !['stored', 'none'].includes(mode);
  const { network } = welcome;
  const psi = ({ target }, options) => {
    const value = Number(target.value);
    if (target.value === '' || !Number.isFinite(value)) return;
    explorer.change({ ...view, psi: value }, `psi ${value}`, options);
  };
  const cutoff = ({ target }) => {
    const value = target.value === '' ? null : Number(target.value);
    explorer.change({ ...view, cutoff: value }, `cutoff ${value === null ? 'none' : value}`);
  };
  const noise = (mode, seed = 0) =>
    explorer.change({ ...view, noise: seeded(mode) ? { mode, seed } : { mode } }, `noise ${mode}`);
  return html`<div class="truncation">
    ${network.truncation !== null &&
    html`<label>
      psi
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value=${view.psi}
        aria-label="Truncation psi"
        onInput=${(event) => psi(event, { later: true, dragging: explorer.pointerDown })}
        onChange=${() => explorer.commit()}
      />
      <${Typed} type="number" step="0.05" value=${view.psi} aria-label="Truncation psi as a number" done=${psi} />
    </label>`}
    ${network.truncation === 'average' &&
    html`<label>
      cutoff
      <select value=${view.cutoff === null ? '' : String(view.cutoff)} onChange=${cutoff}>
        <option value="">none</option>
        ${Array.from({ length: welcome.network.num_layers + 1 }, (_, i) => html`<option value=${String(i)}>${i}</option>`)}
      </select>
    </label>`}
    ${network.has_noise &&
    html`<label>
      noise
      <select value=${view.noise.mode} onChange=${({ target }) => noise(target.value)}>
        ${modes.map((mode) => html`<option value=${mode}>${mode}</option>`)}
      </select>
    </label>`}
    ${seeded(view.noise.mode) &&
    html`<label>
      seed
      <${Typed} type="number" min="0" value=${view.noise.seed} done=${({ target }) => noise(view.noise.mode, Math.max(0, Math.round(Number(target.value)) || 0))} />
    </label>`}
    ${welcome.compat.length > 0 &&
    html`<label>
      as
      <select value=${view.compat} onChange=${({ target }) => explorer.change({ ...view, compat: target.value }, target.value)}>
        <option value="fixed">asked</option>
        ${welcome.compat.filter((name) => name !== 'fixed').map((name) => html`<option value=${name}>${name}</option>`)}
      </select>
    </label>`}
  </div>`;
}

// ---------------------------------------------------------------- zoom and pan

/** Wheel and pinch zoom, drag and two fingers pan, a long press shows the unedited picture. */
function useZoom(explorer, area) {
  const [place, setPlace] = useState({ scale: 1, x: 0, y: 0 });
  const pointers = useRef(new Map());
  const press = useRef(null);
  const spread = () => {
    const [a, b] = [...pointers.current.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  const zoomAt = (factor, x, y) => {
    const box = area.current.getBoundingClientRect();
    const [left, top] = [x - box.left - box.width / 2, y - box.top - box.height / 2];
    setPlace((now) => {
      const scale = Math.min(16, Math.max(1, now.scale * factor));
      const ratio = scale / now.scale;
      if (scale === 1) return { scale, x: 0, y: 0 };
      return { scale, x: left - (left - now.x) * ratio, y: top - (top - now.y) * ratio };
    });
  };
  useEffect(() => {
    const wheel = (event) => {
      event.preventDefault();
      zoomAt(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    };
    area.current.addEventListener('wheel', wheel, { passive: false });
    const element = area.current;
    return () => element.removeEventListener('wheel', wheel);
  }, []);
  const stopPress = () => {
    clearTimeout(press.current);
    if (explorer.state.holding) explorer.update({ holding: false });
  };
  const down = (event) => {
    area.current.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    clearTimeout(press.current);
    if (pointers.current.size === 1) press.current = setTimeout(() => explorer.update({ holding: true }), LONG_PRESS_MS);
  };
  const move = (event) => {
    const last = pointers.current.get(event.pointerId);
    if (!last) return;
    const before = pointers.current.size === 2 ? spread() : null;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
    if (Math.hypot(dx, dy) > 3) clearTimeout(press.current);
    if (before) {
      const now = spread();
      zoomAt(now.distance / before.distance, now.x, now.y);
      setPlace((at) => (at.scale === 1 ? at : { ...at, x: at.x + now.x - before.x, y: at.y + now.y - before.y }));
    } else {
      setPlace((at) => (at.scale === 1 ? at : { ...at, x: at.x + dx, y: at.y + dy }));
    }
  };
  const up = (event) => {
    pointers.current.delete(event.pointerId);
    stopPress();
  };
  return {
    ...place,
    reset: () => setPlace({ scale: 1, x: 0, y: 0 }),
    pointer: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up },
  };
}
