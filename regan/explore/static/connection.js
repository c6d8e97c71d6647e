// The WebSocket to the server: newest wish wins, lost connections come back, jobs are promises.

const RETRY_MS = [250, 500, 1000, 2000, 4000];

export class Connection {
  /**
   * @param {string} url of the WebSocket
   * @param {object} on functions: welcome(message), asked(slot, rev), status(text), lost(text), picture(header, source), tile(header, source), error(message)
   */
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.revs = {}; // slot -> the last rev sent
    this.drawn = {}; // slot -> the last rev drawn
    this.wanted = new Map(); // slot -> message for the next animation frame
    this.sent = {}; // slot -> text of the last view sent, since an equal wish need not be sent again
    this.jobs = new Map(); // id -> {resolve, reject, progress}
    this.count = 0;
    this.tries = 0;
    this.open();
  }

  open() {
    this.socket = new WebSocket(this.url);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.send({ type: 'hello', protocol: 1 });
    this.socket.onmessage = ({ data }) => (typeof data === 'string' ? this.hear(JSON.parse(data)) : this.see(data));
    this.socket.onclose = (event) => this.closed(event);
  }

  get ready() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (this.ready) this.socket.send(JSON.stringify(message));
  }

  closed(event) {
    for (const [id, job] of this.jobs) {
      this.jobs.delete(id);
      job.reject(new Error('the connection was lost; try again when it is back'));
    }
    this.sent = {};
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.on.lost(event.reason || 'The connection is lost; trying again.');
    setTimeout(() => this.open(), wait);
  }

  // -------------------------------------------------------------- pictures

  /** Asks for the picture of a view in a slot, at most once in an animation frame and only if it is another one. */
  render(slot, view, px, drag) {
    const text = JSON.stringify([view, px, drag]);
    if (this.sent[slot] === text) return;
    this.sent[slot] = text;
    const waiting = this.wanted.size;
    this.wanted.set(slot, { view, px, drag });
    if (!waiting) requestAnimationFrame(() => this.flush());
  }

  flush() {
    for (const [slot, wish] of this.wanted) {
      this.revs[slot] = (this.revs[slot] || 0) + 1;
      this.send({ type: 'render', slot, rev: this.revs[slot], ...wish });
      this.on.asked(slot, this.revs[slot]);
    }
    this.wanted.clear();
  }

  async see(buffer) {
    const bytes = new DataView(buffer);
    const length = bytes.getUint32(1);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 5, length)));
    const source = await decode(header, new Uint8Array(buffer, 5 + length));
    if (header.kind === 'tile') {
      this.on.tile(header, source);
      return;
    }
    if (header.rev < (this.drawn[header.slot] || 0)) return;
    this.drawn[header.slot] = header.rev;
    requestAnimationFrame(() => {
      if (this.drawn[header.slot] === header.rev) this.on.picture(header, source);
      this.send({ type: 'ack', slot: header.slot, rev: header.rev });
    });
  }

  // -------------------------------------------------------------- jobs

  /** Starts a job: a promise of its result, with the id of the job in `id`. It fails with an Error of one sentence. */
  job(type, body, progress = () => {}) {
    this.count += 1;
    const id = `${type[0]}${this.count}`;
    const promise = new Promise((resolve, reject) => {
      if (!this.ready) {
        reject(new Error('there is no connection to the server; wait until it is back'));
        return;
      }
      this.jobs.set(id, { resolve, reject, progress });
      this.send({ type, job: id, ...body });
    });
    promise.id = id;
    return promise;
  }

  cancel(id) {
    this.send({ type: 'cancel', job: id });
  }

  hear(message) {
    const job = this.jobs.get(message.job);
    if (message.type === 'welcome') {
      this.tries = 0;
      this.on.welcome(message);
    } else if (message.type === 'waiting' || message.type === 'status') {
      this.on.status(message.text);
    } else if (message.type === 'progress') {
      if (job) job.progress(message);
    } else if (message.type === 'error') {
      this.failed(message, job);
    } else if (job) {
      this.jobs.delete(message.job);
      job.resolve(message);
    }
  }

  failed(message, job) {
    if (job) {
      this.jobs.delete(message.job);
      job.reject(new Error([message.message, message.hint].filter(Boolean).join(' ')));
    } else if (!message.slot || message.rev === this.revs[message.slot]) {
      this.on.error(message);
    }
  }
}

/** Bytes of a codec -> something that a canvas can draw, with exactly the pixels that were sent. */
async function decode({ codec, w, h, channels }, bytes) {
  if (codec === 'raw') return new ImageData(toRgba(bytes, channels), w, h);
  const blob = new Blob([bytes], { type: `image/${codec}` });
  return createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
}

function toRgba(bytes, channels) {
  const rgba = new Uint8ClampedArray((bytes.length / channels) * 4);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < bytes.length; from += channels, to += 4) {
    rgba[to] = bytes[from];
    rgba[to + 1] = bytes[from + green];
    rgba[to + 2] = bytes[from + blue];
    rgba[to + 3] = channels === 4 ? bytes[from + 3] : 255;
  }
  return rgba;
}

/** Draws what `decode` made on a canvas of its size. */
export function paint(canvas, source) {
  if (canvas.width !== source.width || canvas.height !== source.height) {
    canvas.width = source.width;
    canvas.height = source.height;
  }
  const context = canvas.getContext('2d');
  if (source instanceof ImageData) context.putImageData(source, 0, 0);
  else context.drawImage(source, 0, 0);
}
