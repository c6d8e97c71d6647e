// A button with a panel below it, which closes on Escape and when the focus leaves it.

import { html, useEffect, useRef, useState } from './vendor/htm-preact.js';

export function Menu({ title, id, children }) {
  const [open, setOpen] = useState(false);
  const root = useRef(null);
  const close = () => {
    setOpen(false);
    root.current.querySelector('button').focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => !root.current.contains(event.target) && setOpen(false);
    window.addEventListener('pointerdown', outside);
    return () => window.removeEventListener('pointerdown', outside);
  }, [open]);
  const escape = (event) => {
    if (open && event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  };
  const left = (event) => event.relatedTarget && !root.current.contains(event.relatedTarget) && setOpen(false);
  return html`<div class="menu" ref=${root} onKeyDown=${escape} onFocusOut=${left}>
    <button aria-expanded=${String(open)} aria-controls=${id} onClick=${() => setOpen(!open)}>${title} <i class="caret"></i></button>
    <div class="panel" id=${id} hidden=${!open}>${open && children(close)}</div>
  </div>`;
}
