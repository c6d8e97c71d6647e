// The screen: where each part stands.

import { html, useEffect, useState } from './vendor/htm-preact.js';
import { Bar } from './bar.js';
import { Dialogs } from './dialogs.js';
import { Meters } from './meters.js';
import { Seeds } from './seeds.js';
import { SheetPanel } from './sheet.js';
import { Stack } from './stack.js';
import { Stage } from './stage.js';

const TABS = [
  ['stage', 'Stage'],
  ['edits', 'Edits'],
  ['sheet', 'Sheet'],
  ['seeds', 'Seeds'],
];

export function Page({ explorer, state }) {
  const [dragged, setDragged] = useState(false);
  useEffect(() => listenToDrops(explorer, setDragged), []);
  useEffect(() => {
    document.documentElement.dataset.theme = state.theme;
  }, [state.theme]);
  if (!state.view) return html`<${Waiting} state=${state} />`;
  const shared = { explorer, state };
  return html`
    <main class=${`page tab-${state.tab} ${state.sheetOpen ? 'with-sheet' : 'without-sheet'}`}>
      <${Bar} ...${shared} />
      <nav class="tabs" aria-label="Parts of the explorer"><div role="tablist">
        ${TABS.map(
          ([name, title]) => html`<button
            role="tab"
            id=${`tab-${name}`}
            aria-selected=${String(state.tab === name)}
            onClick=${() => explorer.update({ tab: name })}
          >
            ${title}
          </button>`,
        )}
      </div></nav>
      <${Seeds} ...${shared} />
      <${Stage} ...${shared} />
      <div class="side" id="side">
        <${Stack} ...${shared} />
        <${Meters} ...${shared} />
      </div>
      <${SheetPanel} ...${shared} />
      <footer class="status" aria-label="Status">
        <span role="status" aria-live="polite">${state.status}</span>
        ${state.basisProgress && html`<${Progress} what="components" ...${state.basisProgress} explorer=${explorer} />`}
        ${state.exporting && html`<${Progress} what=${state.exporting.kind} ...${state.exporting} explorer=${explorer} />`}
      </footer>
      <${Dialogs} ...${shared} />
      ${dragged && html`<div class="drop-target">Drop a view (JSON, PNG, MP4) or latents (.npy, .npz) here.</div>`}
    </main>
  `;
}

function Waiting({ state }) {
  return html`<main class="waiting">
    <img src="/static/icon.svg" alt="" width="64" height="64" />
    <h1>regan explore</h1>
    <p role="status" aria-live="polite">${state.status}</p>
  </main>`;
}

function Progress({ what, job, done, total, explorer }) {
  return html`<span class="progress">
    <progress max=${total || 1} value=${done || 0} aria-label=${`Progress: ${what}`}></progress>
    ${what} ${total ? `${done} of ${total}` : ''}
    <button onClick=${() => explorer.connection.cancel(job)}>Cancel</button>
  </span>`;
}

function listenToDrops(explorer, setDragged) {
  const over = (event) => {
    event.preventDefault();
    setDragged(true);
  };
  const leave = (event) => {
    if (!event.relatedTarget) setDragged(false);
  };
  const drop = (event) => {
    event.preventDefault();
    setDragged(false);
    if (!explorer.state.welcome) return;
    const text = event.dataTransfer.getData('text/plain');
    if (event.dataTransfer.files.length) explorer.drop([...event.dataTransfer.files]);
    else if (text) explorer.open(text);
  };
  const paste = (event) => {
    const text = event.clipboardData.getData('text/plain').trim();
    const typing = event.target.closest('input, textarea, select');
    if (!typing && (text.startsWith('{') || text.includes('#view='))) explorer.open(text);
  };
  const listeners = { dragover: over, dragleave: leave, drop, paste };
  for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener);
  };
}
