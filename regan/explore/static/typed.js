// A field that is typed into. Its text is taken when the writer is done: on Enter, Tab or a click elsewhere. Until then
// what else changes on the page, such as a picture that arrives, leaves the text alone.

import { html, useState } from './vendor/htm-preact.js';

/** As an <input> with `value`; `done` gets the event once the text is complete, `field` a reference to the element. */
export function Typed({ value, done, field, ...rest }) {
  const [text, setText] = useState(null); // What is being typed, or null.
  const finish = (event) => {
    setText(null);
    done(event);
  };
  return html`<input
    ref=${field}
    ...${rest}
    value=${text === null ? value : text}
    onInput=${({ target }) => setText(target.value)}
    onChange=${finish}
    onBlur=${() => setText(null)}
  />`;
}
