import { html, render, useEffect, useState } from './vendor/htm-preact.js';
import { Page } from './page.js';
import { Explorer } from './explorer.js';
import { listenToKeys } from './keys.js';

const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
const explorer = new Explorer(`${scheme}://${window.location.host}/ws`);

function Root() {
  const [, redraw] = useState(0);
  useEffect(() => explorer.listen(() => redraw((count) => count + 1)), []);
  return html`<${Page} explorer=${explorer} state=${explorer.state} />`;
}

const app = document.getElementById('app');
app.textContent = '';
render(html`<${Root} />`, app);
listenToKeys(window, explorer);
