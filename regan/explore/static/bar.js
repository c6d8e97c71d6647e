// A: network, basis, undo and redo, history, link, export, help.

import { html } from './vendor/htm-preact.js';
import { Menu } from './menu.js';

const EXPORTS = [
  ['png', 'Picture (PNG)'],
  ['view', 'View (JSON)'],
  ['strip', 'Strip of the selected edit (PNG)'],
  ['grid', 'Grid: latents x edits (PNG)'],
  ['mp4', 'Video of the selected edit (MP4)'],
  ['edit', 'Selected edit (JSON)'],
  ['latents', 'Edited latents (npz)'],
  ['figure', 'Figure spec (JSON)'],
  ['command', 'Command line'],
];

export function Bar({ explorer, state }) {
  const { network, basis } = state.welcome;
  const { history } = state;
  return html`<header class="bar">
    <h1>
      <span class="network">${network.name}</span>
      <span class="facts">
        ${network.architecture} · ${network.resolution}px · L=${network.num_layers}
      </span>
    </h1>
    <span class="basis">${basisText(basis)}</span>
    <div class="buttons">
      <button onClick=${() => explorer.undo()} disabled=${!history.current.parent} title="Undo (Ctrl+Z)">Undo</button>
      <button onClick=${() => explorer.redo()} disabled=${!history.current.next} title="Redo (Ctrl+Shift+Z)">Redo</button>
      <${Menu} title="History" id="history">
        ${(close) => html`<${Steps} history=${history} jump=${(step) => [explorer.jump(step), close()]} />`}
      <//>
      <button onClick=${() => explorer.copyLink()} title="Copy a link to this view (L)">Link</button>
      <${Menu} title="Export" id="export">
        ${(close) => html`<ul>
          ${EXPORTS.map(
            ([kind, title]) => html`<li>
              <button onClick=${() => [explorer.exportAs(kind, { edit: state.selected }), close()]}>${title}</button>
            </li>`,
          )}
        </ul>`}
      <//>
      <${Menu} title="Settings" id="settings">
        ${() => html`<${Settings} explorer=${explorer} state=${state} />`}
      <//>
      <button onClick=${() => explorer.update({ dialog: { kind: 'help' } })} title="Help (?)" aria-label="Help">?</button>
    </div>
  </header>`;
}

function basisText(basis) {
  if (!basis) return 'no components yet';
  const n = basis.n >= 1e6 ? `${basis.n / 1e6}M` : `${Math.round(basis.n / 1e3)}k`;
  return `${basis.estimator} ${basis.components} / ${n}`;
}

function Steps({ history, jump }) {
  return html`<ol class="steps" reversed>
    ${[...history.steps].reverse().map(
      (step) => html`<li key=${step.label + history.steps.indexOf(step)}>
        <button aria-current=${step === history.current ? 'step' : undefined} onClick=${() => jump(step)}>
          ${step.thumbnail ? html`<img src=${step.thumbnail} alt="" width="40" height="40" />` : html`<i></i>`}
          ${step.label}
        </button>
      </li>`,
    )}
  </ol>`;
}

function Settings({ explorer, state }) {
  return html`<div class="settings">
    <label>
      Colours
      <select value=${state.theme} onChange=${(event) => explorer.prefer({ theme: event.target.value })}>
        <option value="system">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
    <label>
      <input
        type="checkbox"
        checked=${state.letters}
        onChange=${(event) => explorer.prefer({ letters: event.target.checked })}
      />
      Single letters are commands
    </label>
    <label>
      <input
        type="checkbox"
        checked=${state.smooth}
        onChange=${(event) => explorer.prefer({ smooth: event.target.checked })}
      />
      Enlarge pictures smoothly
    </label>
    <button onClick=${() => explorer.makeBasis(true)}>Compute all components (n = 1 000 000)</button>
  </div>`;
}
