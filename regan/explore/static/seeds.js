// B: the pinned latents, each with its picture; the star marks the one on stage.

import { html, useState } from './vendor/htm-preact.js';
import { Picture } from './picture.js';
import { Typed } from './typed.js';
import { latentText, replace, starred, withoutLatent } from './view.js';

export function Seeds({ explorer, state }) {
  const { view, welcome } = state;
  return html`<section class="seeds" aria-label="Seeds">
    <h2>Seeds</h2>
    <ul>
      ${view.latents.map((latent, i) => html`<${Pin} key=${i} index=${i} latent=${latent} explorer=${explorer} state=${state} />`)}
    </ul>
    <div class="buttons">
      <button title="Another random seed on stage (R)" onClick=${() => explorer.randomSeed()}>Random</button>
      <button title="Pin one more seed (B)" onClick=${() => explorer.addLatent({ seed: nextSeed(view) })}>Pin one more</button>
      <label class="file">
        Open file
        <input
          type="file"
          accept=".npy,.npz,.json,.png,.mp4"
          onChange=${(event) => {
            explorer.drop([...event.target.files]);
            event.target.value = '';
          }}
        />
      </label>
    </div>
    ${welcome.network.label_size > 0 && html`<${Label} explorer=${explorer} state=${state} />`}
  </section>`;
}

function nextSeed(view) {
  const seeds = view.latents.filter((latent) => 'seed' in latent).map((latent) => latent.seed);
  return seeds.length ? (Math.max(...seeds) + 1) % 2 ** 32 : 1;
}

function Pin({ index, latent, explorer, state }) {
  const { view, welcome, frames } = state;
  const [alike, setAlike] = useState(null);
  const shown = starred(view) === index;
  const name = latentText(latent);
  const find = async (far) => {
    const coordinates = view.edits.map((edit) => edit.direction.component).filter((i) => i !== undefined);
    const body = { seed: latent.seed, view, coordinates: coordinates.length ? coordinates : [0, 1, 2], far, count: 12 };
    const answer = await explorer.attempt(explorer.connection.job('nearest', body));
    if (answer) setAlike(answer.seeds);
  };
  const type = (event) => {
    const seed = Number(event.target.value);
    if (!Number.isInteger(seed) || seed < 0 || seed > welcome.limits.seed) {
      explorer.notify(`A seed is a whole number from 0 to ${welcome.limits.seed}.`);
      event.target.value = name;
      return;
    }
    explorer.change({ ...view, latents: replace(view.latents, index, { seed }) }, `seed ${seed}`);
  };
  return html`<li class=${shown ? 'pin shown' : 'pin'}>
    <button class="thumbnail" aria-pressed=${String(shown)} aria-label=${`Show latent ${name}`} onClick=${() => explorer.star(index)}>
      <${Picture} frame=${frames[`pin:${index}`]} smooth=${state.smooth} />
      ${shown && html`<span class="star" aria-hidden="true">★</span>`}
    </button>
    ${'seed' in latent
      ? html`<${Typed} class="seed" inputmode="numeric" aria-label=${`Seed of latent ${index + 1}`} value=${latent.seed} done=${type} />`
      : html`<span class="seed" title=${latent.file || name}>${name}</span>`}
    <span class="small buttons">
      ${'seed' in latent &&
      state.welcome.basis &&
      html`<button title="Find seeds that are near in the edited components" onClick=${() => find(false)}>Like this</button>`}
      ${view.latents.length > 1 &&
      html`<button
        aria-label=${`Remove latent ${name}`}
        title="Remove"
        onClick=${() => explorer.change(withoutLatent(view, index), `remove latent ${name}`)}
      >
        ×
      </button>`}
    </span>
    ${alike &&
    html`<div class="alike">
      ${alike.map((seed) => html`<button key=${seed} onClick=${() => explorer.addLatent({ seed })}>${seed}</button>`)}
      <button onClick=${() => find(true)}>far</button>
      <button aria-label="Close the list of seeds" onClick=${() => setAlike(null)}>×</button>
    </div>`}
  </li>`;
}

function Label({ explorer, state }) {
  const { view, welcome } = state;
  const { network } = welcome;
  return html`<label>
    Class
    <select
      value=${view.label === null ? '' : String(view.label)}
      onChange=${({ target }) => explorer.change({ ...view, label: target.value === '' ? null : Number(target.value) }, 'class')}
    >
      <option value="">none (zeros)</option>
      ${Array.from({ length: welcome.network.label_size }, (_, i) => html`<option value=${String(i)}>${i}${network.classes ? ` ${network.classes[i]}` : ''}</option>`)}
    </select>
  </label>`;
}
