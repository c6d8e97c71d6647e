// The layer brush: a toggle button for each style layer, one tab stop for all; a sweep paints.

import { html, useRef, useState } from './vendor/htm-preact.js';
import { layerRanges, layerSet } from './view.js';

export function LayerBrush({ layers, ranges, tint, change, commit, label }) {
  const root = useRef(null);
  const [cursor, setCursor] = useState(0);
  const painting = useRef(null);
  const set = layerSet(ranges);
  const most = tint ? Math.max(...tint, 1e-9) : 1;
  const paint = (index, on, options) => {
    if (set.has(index) === on) return;
    const next = new Set(set);
    if (on) next.add(index);
    else next.delete(index);
    if (next.size) change(layerRanges(next), options);
  };
  const cellAt = (event) => {
    const element = document.elementFromPoint(event.clientX, event.clientY);
    const cell = element && element.closest('[data-layer]');
    return cell && root.current.contains(cell) ? Number(cell.dataset.layer) : null;
  };
  const press = (event) => {
    const index = cellAt(event);
    if (index === null) return;
    root.current.setPointerCapture(event.pointerId);
    painting.current = !set.has(index);
    setCursor(index);
    paint(index, painting.current, { later: true, dragging: true });
  };
  const sweep = (event) => {
    if (painting.current === null) return;
    const index = cellAt(event);
    if (index !== null) paint(index, painting.current, { later: true, dragging: true });
  };
  const release = () => {
    if (painting.current === null) return;
    painting.current = null;
    commit();
  };
  const key = (event) => {
    const moves = { ArrowLeft: cursor - 1, ArrowRight: cursor + 1, Home: 0, End: layers.length - 1 };
    if (event.key in moves) {
      const next = Math.min(layers.length - 1, Math.max(0, moves[event.key]));
      setCursor(next);
      root.current.querySelector(`[data-layer="${next}"]`).focus();
    } else if (event.key === ' ' || event.key === 'Enter') {
      paint(cursor, !set.has(cursor), { later: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div
    class="brush"
    ref=${root}
    role="group"
    aria-label=${label}
    onPointerDown=${press}
    onPointerMove=${sweep}
    onPointerUp=${release}
    onPointerCancel=${release}
    onKeyDown=${key}
  >
    ${groups(layers).map(
      ({ resolution, indices }) => html`<span class="resolution">
        <small aria-hidden="true">${resolution}</small>
        <span class="cells">
          ${indices.map(
            (index) => html`<button
              type="button"
              data-layer=${index}
              tabindex=${index === cursor ? 0 : -1}
              aria-pressed=${String(set.has(index))}
              aria-label=${`Layer ${index}, ${resolution} pixels`}
              title=${tint ? `Layer ${index}: changes the picture by ${tint[index].toFixed(2)}` : `Layer ${index}`}
            >
              ${tint && html`<i style=${{ height: `${Math.round((tint[index] / most) * 100)}%` }}></i>`}
              <span>${index}</span>
            </button>`,
          )}
        </span>
      </span>`,
    )}
  </div>`;
}

function groups(layers) {
  const found = [];
  for (const { index, resolution } of layers) {
    const last = found[found.length - 1];
    if (last && last.resolution === resolution) last.indices.push(index);
    else found.push({ resolution, indices: [index] });
  }
  return found;
}
