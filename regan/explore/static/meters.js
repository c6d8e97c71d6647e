// E: by how much the edits change each known factor, where the network has a reader of factors.

import { html } from './vendor/htm-preact.js';

export function Meters({ state }) {
  const { meters, welcome } = state;
  if (!welcome.factors) return null;
  const factors = meters ? meters.factors : [];
  const largest = Math.max(0.5, ...factors.map(({ change }) => Math.abs(change)));
  return html`<section class="meters" aria-label="Factors">
    <h2>What the edits change</h2>
    <dl>
      ${factors.map(
        ({ name, before, after, change }) => html`<div key=${name} title=${`${before.toFixed(2)} to ${after.toFixed(2)}`}>
          <dt>${name}</dt>
          <dd>
            <span class="bar-back" aria-hidden="true">
              <i
                class=${change < 0 ? 'minus' : 'plus'}
                style=${{
                  left: `${50 + Math.min(0, (change / largest) * 50)}%`,
                  width: `${(Math.abs(change) / largest) * 50}%`,
                }}
              ></i>
            </span>
            ${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(2)}
          </dd>
        </div>`,
      )}
    </dl>
  </section>`;
}
