// What interrupts: help, saving a find, notes on an opened view, text to copy, and notices.

import { html, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { KEYS } from './keys.js';
import { editText } from './view.js';

export function Dialogs({ explorer, state }) {
  const { dialog, notice } = state;
  const close = () => explorer.update({ dialog: null });
  return html`
    ${dialog && html`<${Dialog} key=${dialog.kind} close=${close}>${contents(dialog, explorer, state, close)}<//>`}
    ${notice &&
    html`<div class=${`notice ${notice.kind}`} role=${notice.kind === 'error' ? 'alert' : 'note'}>
      <span>${notice.text}</span>
      <button aria-label="Close the message" onClick=${() => explorer.update({ notice: null })}>×</button>
    </div>`}
  `;
}

function Dialog({ close, children }) {
  const element = useRef(null);
  useEffect(() => {
    element.current.showModal();
  }, []);
  return html`<dialog ref=${element} onClose=${close} onCancel=${close}>${children}</dialog>`;
}

function contents(dialog, explorer, state, close) {
  if (dialog.kind === 'help') return html`<${Help} close=${close} />`;
  if (dialog.kind === 'save') return html`<${Save} index=${dialog.index} explorer=${explorer} state=${state} close=${close} />`;
  if (dialog.kind === 'notes') return html`<${Notes} dialog=${dialog} explorer=${explorer} close=${close} />`;
  return html`<h2>${dialog.title}</h2>
    <textarea readonly rows="6" cols="60" aria-label=${dialog.title}>${dialog.text}</textarea>
    <div class="buttons"><button onClick=${close}>Close</button></div>`;
}

function Help({ close }) {
  return html`<h2>Help</h2>
    <p>
      A click on a tile of the sheet adds its edit; the slider says how far, the layer brush where. What you see is one view:
      its link, its PNG and its command give the same picture again.
    </p>
    <table>
      <thead><tr><th scope="col">Key</th><th scope="col">does</th></tr></thead>
      <tbody>${KEYS.map(([key, does]) => html`<tr><th scope="row">${key}</th><td>${does}</td></tr>`)}</tbody>
    </table>
    <p>Fingers: two zoom and move the picture, a long press shows it unedited, a sweep paints layers.</p>
    <div class="buttons"><button onClick=${close}>Close</button></div>`;
}

function Save({ index, explorer, state, close }) {
  const edit = state.view.edits[index];
  const [name, setName] = useState(edit.name);
  const [tags, setTags] = useState(edit.tags.join(' '));
  const [overwrite, setOverwrite] = useState(false);
  const words = tags.split(/[\s,#]+/).filter(Boolean);
  const submit = async (event) => {
    event.preventDefault();
    if (await explorer.save(index, name.trim(), words, overwrite)) close();
  };
  const onlyName = () => {
    explorer.changeEdit(index, { name: name.trim(), tags: words }, `name ${name.trim()}`);
    close();
  };
  return html`<form onSubmit=${submit}>
    <h2>Save the edit</h2>
    <p><code>${editText(edit, state.welcome.network.num_layers)}</code> by ${edit.amount}</p>
    <label>Name <input required maxlength=${state.welcome.limits.name} value=${name} onInput=${({ target }) => setName(target.value)} /></label>
    <label>Tags <input value=${tags} placeholder="face pose" onInput=${({ target }) => setTags(target.value)} /></label>
    <label><input type="checkbox" checked=${overwrite} onChange=${({ target }) => setOverwrite(target.checked)} /> Replace an edit of that name</label>
    <div class="buttons">
      <button type="submit" class="main">Save for the command line</button>
      <button type="button" onClick=${onlyName}>Only name it here</button>
      <button type="button" onClick=${close}>Cancel</button>
    </div>
  </form>`;
}

function Notes({ dialog, explorer, close }) {
  const goOn = () => {
    close();
    explorer.change(dialog.view, 'opened');
  };
  return html`<h2>About this view</h2>
    <ul>${dialog.notes.map((note) => html`<li>${note}</li>`)}</ul>
    <div class="buttons">
      <button class="main" onClick=${goOn}>Go on with it</button>
      <button onClick=${close}>Keep the current view</button>
    </div>`;
}
