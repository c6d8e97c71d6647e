// A canvas with exactly the pixels of a frame; the browser only enlarges it.

import { html, useEffect, useRef } from './vendor/htm-preact.js';
import { paint } from './connection.js';

export function Picture({ frame, smooth, label, id }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (frame) paint(canvas.current, frame.source);
  }, [frame]);
  const named = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' };
  return html`<canvas ref=${canvas} id=${id} class=${smooth ? 'smooth' : 'pixels'} width="1" height="1" ...${named}></canvas>`;
}
