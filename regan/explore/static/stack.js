// D: the edits, one card each: on or off, how far, in which layers, in which way.

import { html, useRef } from './vendor/htm-preact.js';
import { LayerBrush } from './brush.js';
import { Picture } from './picture.js';
import { Typed } from './typed.js';
import { directionText, editText, spokenAmount } from './view.js';

const ENDS = 4; // Of a slider, in standard deviations; typed numbers reach further.

export function Stack({ explorer, state }) {
  const { view, welcome } = state;
  return html`<section class="stack" aria-label="Edits">
    <div class="heading">
      <h2>Edits</h2>
      <label class="gain">
        gain
        <input
          type="range"
          min="0"
          max="2"
          step="0.05"
          value=${view.gain}
          aria-label="Gain of all edits"
          onInput=${(event) => gain(explorer, view, event.target.value, explorer.pointerDown)}
          onChange=${() => explorer.commit()}
        />
        <output>${view.gain.toFixed(2)}</output>
      </label>
    </div>
    ${view.edits.length === 0 &&
    html`<p class="empty">No edits yet. Choose a tile of the sheet below, or <button onClick=${() => addFirst(explorer)}>add v0</button>.</p>`}
    <ol>
      ${view.edits.map((edit, i) => html`<${Card} key=${i} index=${i} edit=${edit} explorer=${explorer} state=${state} />`)}
    </ol>
    ${view.edits.length > 0 &&
    html`<div class="buttons">
      <button title="Home" onClick=${() => explorer.allToZero()}>All to 0</button>
      <button onClick=${() => explorer.exportAs('edit', { edit: state.selected, direction_npz: true })}>Export edit</button>
    </div>`}
    ${!welcome.basis && html`<p class="empty">Components are being computed.</p>`}
  </section>`;
}

function gain(explorer, view, value, dragging) {
  explorer.change({ ...view, gain: Number(value) }, `gain ${value}`, { later: true, dragging });
}

function addFirst(explorer) {
  const { network } = explorer.state.welcome;
  explorer.addEdit({ component: 0 }, [[0, network.num_layers]], 2);
}

function Card({ index, edit, explorer, state }) {
  const { welcome, selected, place, influence, strip } = state;
  const count = welcome.network.num_layers;
  const change = (values, label, options) => explorer.changeEdit(index, values, label, options);
  const starred = explorer.isStarred(edit.direction);
  const title = editText(edit, count);
  const at = place && place.coordinates && place.coordinates[index];
  return html`<li
    class=${`card ${selected === index ? 'selected' : ''} ${edit.on ? '' : 'off'}`}
    onFocusIn=${() => selected !== index && explorer.update({ selected: index })}
    onPointerDown=${() => selected !== index && explorer.update({ selected: index })}
  >
    <div class="heading">
      <input
        type="checkbox"
        checked=${edit.on}
        aria-label=${`${title} on`}
        onChange=${({ target }) => change({ on: target.checked }, `${title} ${target.checked ? 'on' : 'off'}`)}
      />
      <span class="title"><code>${title}</code> ${edit.name && html`<b>${edit.name}</b>`}</span>
      <button class="icon" aria-pressed=${String(starred)} aria-label=${`Star ${title}`} title="Star (S)" onClick=${() => explorer.starEdit(index)}>
        ${starred ? '★' : '☆'}
      </button>
      <button class="icon" aria-label=${`Name, tag and save ${title}`} title="Name, tag and save (T)" onClick=${() => explorer.update({ dialog: { kind: 'save', index } })}>#</button>
      <button class="icon" aria-label=${`Remove ${title}`} title="Remove (Delete)" onClick=${() => explorer.removeEdit(index)}>×</button>
    </div>
    ${edit.tags.length > 0 && html`<p class="tags">${edit.tags.map((tag) => html`<span>#${tag}</span>`)}</p>`}
    <${Amount} edit=${edit} at=${at} published=${explorer.publishedAmount(edit)} limit=${welcome.limits.amount} count=${count} change=${change} explorer=${explorer} />
    <${LayerBrush}
      layers=${welcome.network.layers}
      ranges=${edit.layers}
      tint=${influence[index]}
      change=${(layers, options) => change({ layers }, 'layers', options)}
      commit=${() => explorer.commit()}
      label=${`Layers of ${title}`}
    />
    <div class="choices">
      <select aria-label="Mode" value=${edit.mode} onChange=${({ target }) => change({ mode: target.value }, target.value)}>
        <option value="offset">offset</option>
        <option value="centred">centred</option>
        <option value="target">target</option>
      </select>
      <select aria-label="Unit" value=${edit.unit} onChange=${({ target }) => change({ unit: target.value }, target.value)}>
        <option value="stdev">stdev</option>
        <option value="raw">raw</option>
      </select>
      <button title="Five small pictures along the slider" onClick=${() => explorer.filmStrip(index)}>Film strip</button>
      <button title="Tint the layers by how much the edit changes the picture there" onClick=${() => explorer.findInfluence(index)}>Tint</button>
    </div>
    ${strip === index && html`<div class="film"><${Picture} frame=${state.frames['pin:15']} smooth=${state.smooth} label=${`Strip of ${directionText(edit.direction)}`} /></div>`}
  </li>`;
}

/** The slider, with the place of this sample and the published strength, and the number that can be typed. */
function Amount({ edit, at, published, limit, count, change, explorer }) {
  const number = useRef(null);
  const ends = Math.max(ENDS, Math.ceil(Math.abs(edit.amount)));
  const percent = (value) => `${Math.min(100, Math.max(0, ((value + ends) / (2 * ends)) * 100))}%`;
  const label = `amount ${editText(edit, count)}`;
  const round = (value) => Math.min(limit, Math.max(-limit, Math.round(value * 1000) / 1000));
  const set = (value, options) => change({ amount: round(value) }, label, options);
  const key = (event) => {
    const big = event.shiftKey ? 1 : 0.1;
    const moves = {
      ArrowLeft: edit.amount - big,
      ArrowDown: edit.amount - big,
      ArrowRight: edit.amount + big,
      ArrowUp: edit.amount + big,
      PageDown: edit.amount - 1,
      PageUp: edit.amount + 1,
      Home: -ends,
      End: ends,
      0: 0,
    };
    if (event.key === 'Enter') {
      number.current.focus();
      number.current.select();
    } else if (event.key in moves && !event.ctrlKey && !event.metaKey) {
      set(moves[event.key], { later: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const type = ({ target }) => {
    const value = Number(target.value.replace(',', '.').replace('−', '-'));
    if (target.value.trim() === '' || !Number.isFinite(value) || Math.abs(value) > limit) {
      explorer.notify(`The amount of an edit is a number from -${limit} to ${limit}.`);
      target.value = edit.amount;
    } else set(value);
  };
  return html`<div class="amount">
    <div class="track">
      <input
        type="range"
        min=${-ends}
        max=${ends}
        step="any"
        value=${edit.amount}
        aria-label=${label}
        aria-valuetext=${spokenAmount(edit, count)}
        onInput=${({ target }) => set(Math.round(target.value * 20) / 20, { later: true, dragging: explorer.pointerDown })}
        onChange=${() => explorer.commit()}
        onKeyDown=${key}
      />
      <i class="zero" style=${{ left: percent(0) }}></i>
      ${typeof at === 'number' && html`<i class="sample" title=${`This sample lies at ${at.toFixed(2)}`} style=${{ left: percent(at) }}></i>`}
      ${published !== null && html`<i class="published" title=${`Saved strength: ${published}`} style=${{ left: percent(published) }}></i>`}
    </div>
    <${Typed} field=${number} class="number" inputmode="decimal" value=${edit.amount} aria-label=${`${label}, as a number`} done=${type} />
  </div>`;
}
