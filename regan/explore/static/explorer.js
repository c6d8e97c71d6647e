// What the page does: the state of everything that is shown, and each way to change it. The components only draw it.

import { Connection } from './connection.js';
import { History } from './history.js';
import * as views from './view.js';

const KEY_PAUSE_MS = 400;
const LIVE_MS = 1000; // The live region speaks at most once in this time.
const STRIP_PIN = 15; // Pins 0 to 14 are thumbnails of latents; this one draws film strips.
const THUMBNAIL = 96;
const UPLOAD_BYTES = 4 << 20;
const PREFERENCES = { theme: 'system', letters: true, smooth: true, sheetOpen: true };

export class Explorer {
  constructor(url) {
    this.listeners = new Set();
    this.state = {
      phase: 'waiting', // waiting, ready or lost
      status: 'Connecting.',
      welcome: null,
      view: null,
      history: null,
      frames: {}, // slot -> {header, source}
      place: null, // where the latent lies along each edit, and how far from the mean
      meters: null,
      influence: {}, // index of an edit -> how much it changes the picture in each layer
      selected: 0, // of the edit stack
      holding: false, // the unedited picture is shown while a key or finger is down
      dialog: null,
      notice: null, // a sentence that waits to be read: {text, kind}
      tab: 'stage',
      zone: 'all',
      mask: null, // Set of cells of the painted region
      painting: false,
      stageSize: 512,
      ...PREFERENCES,
      ...stored('regan-explore', {}),
    };
    this.latest = {}; // name of a question -> what to ask next, while one is on its way
    this.connection = new Connection(url, {
      welcome: (message) => this.welcomed(message),
      status: (text) => this.say(text),
      asked: (slot, rev) => {
        document.documentElement.dataset[`asked${slot}`] = rev; // What the stage shows is current if it has this rev.
      },
      lost: (text) => this.update({ phase: 'lost', status: text }),
      picture: (header, source) => this.drawn(header, source),
      tile: (header, source) => this.tile && this.tile(header, source),
      error: ({ message, hint }) => this.notify([message, hint].filter(Boolean).join(' ')),
    });
  }

  // -------------------------------------------------------------- state

  update(change) {
    this.state = { ...this.state, ...change };
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      for (const listener of this.listeners) listener();
    });
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  prefer(change) {
    this.update(change);
    store('regan-explore', Object.fromEntries(Object.keys(PREFERENCES).map((key) => [key, this.state[key]])));
  }

  /** A sentence for region G, which is read aloud; the last one within a second is kept. */
  say(text) {
    this.spoken = text;
    if (this.speaking) return;
    const speak = () => {
      this.speaking = null;
      if (this.spoken === null) return;
      this.update({ status: this.spoken });
      this.spoken = null;
      this.speaking = setTimeout(speak, LIVE_MS);
    };
    speak();
  }

  notify(text, kind = 'error') {
    this.update({ notice: { text, kind } });
    this.say(text);
  }

  /** Awaits a job; a refusal becomes a notice. Null: there is no answer, also where the job was cancelled. */
  async attempt(promise) {
    try {
      const answer = await promise;
      return answer.type === 'cancelled' ? null : answer;
    } catch (error) {
      this.notify(error.message);
      return null;
    }
  }

  // -------------------------------------------------------------- start

  welcomed(welcome) {
    const { view, history } = this.state;
    const first = !view;
    const wanted = view || welcome.view || views.freshView(welcome);
    this.update({
      phase: 'ready',
      status: 'Ready.',
      welcome,
      view: wanted,
      history: history || new History(wanted),
    });
    if (first && window.location.hash.startsWith('#view=')) this.open(window.location.hash);
    this.refresh();
    if (!welcome.basis) this.makeBasis(false);
  }

  /** Asks for principal components where the network has none yet; quick ones unless `full`. */
  async makeBasis(full) {
    this.say(full ? 'Computing all components.' : 'Computing quick components from 20 000 latents.');
    const job = this.connection.job('basis', { full }, ({ done, total }) => {
      this.update({ basisProgress: { job: job.id, done, total } });
    });
    const answer = await this.attempt(job);
    this.update({ basisProgress: null });
    if (!answer) return;
    this.update({ welcome: { ...this.state.welcome, basis: answer.basis } });
    this.change({ ...this.state.view, basis: views.nameOfBasis(answer.basis) }, 'components');
    this.say('The components are there.');
  }

  // -------------------------------------------------------------- the view

  /** Another view. `label` names the step in the history; with `later` it is one with what follows within 400 ms, or until `commit`. */
  change(view, label, { later = false, dragging = false } = {}) {
    this.label = label;
    this.dragging = dragging;
    this.update({ view });
    clearTimeout(this.pause);
    if (later && !dragging) this.pause = setTimeout(() => this.commit(), KEY_PAUSE_MS);
    if (later) this.refresh();
    else this.commit();
  }

  commit() {
    clearTimeout(this.pause);
    this.dragging = false;
    const { view, history } = this.state;
    history.commit(view, this.label || 'change');
    window.history.replaceState(null, '', views.fragment(view));
    this.update({ history });
    this.refresh();
  }

  changeEdit(index, change, label, options) {
    this.change(views.withEdit(this.state.view, index, change), label, options);
  }

  addEdit(direction, layers, amount, name = '') {
    const { view, welcome } = this.state;
    if (view.edits.length >= welcome.limits.edits) {
      this.notify(`A view takes at most ${welcome.limits.edits} edits; remove one first.`);
      return;
    }
    const edit = views.freshEdit(direction, layers, amount, name);
    this.update({ selected: view.edits.length });
    this.change({ ...view, edits: [...view.edits, edit] }, `add ${views.editText(edit, welcome.network.num_layers)}`);
  }

  /** Edits that the server found, added as one step. */
  addEdits(edits) {
    const { view, welcome } = this.state;
    const room = welcome.limits.edits - view.edits.length;
    this.change({ ...view, edits: [...view.edits, ...edits.slice(0, room)] }, `add ${Math.min(room, edits.length)} edits`);
  }

  removeEdit(index) {
    const { view, welcome, selected } = this.state;
    if (!view.edits[index]) return;
    this.update({ selected: Math.max(0, Math.min(selected, view.edits.length - 2)), influence: {} });
    this.change(
      views.withoutEdit(view, index),
      `remove ${views.editText(view.edits[index], welcome.network.num_layers)}`,
    );
  }

  allToZero() {
    const { view } = this.state;
    this.change({ ...view, edits: view.edits.map((edit) => ({ ...edit, amount: 0 })) }, 'all to 0');
  }

  addLatent(latent) {
    const { view, welcome } = this.state;
    if (view.latents.length >= welcome.limits.pins) {
      this.notify(`A view takes at most ${welcome.limits.pins} latents; remove one first.`);
      return;
    }
    const more = { ...view, latents: [...view.latents, latent] };
    this.change(views.withStarred(more, view.latents.length), `latent ${views.latentText(latent)}`);
  }

  randomSeed() {
    const { view } = this.state;
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const latents = views.replace(view.latents, views.starred(view), { seed });
    this.change({ ...view, latents }, `seed ${seed}`);
  }

  star(index) {
    const { view } = this.state;
    const count = view.latents.length;
    const latent = (index + count) % count;
    this.change(views.withStarred(view, latent), `show latent ${views.latentText(view.latents[latent])}`);
  }

  compare(kind) {
    const { view } = this.state;
    const latent = views.starred(view);
    const shows = {
      single: { kind, latent },
      wipe: { kind, latent, at: 0.5, other: null },
      side: { kind, latent, other: null },
      strip: { kind, latent, edit: Math.min(this.state.selected, view.edits.length - 1), frames: 5 },
      grid: { kind },
    };
    if (kind === 'strip' && !view.edits.length) {
      this.notify('A strip shows one edit from one side to the other; add an edit first.');
      return;
    }
    this.change({ ...view, show: shows[kind] }, kind);
  }

  undo() {
    this.travel(this.state.history.undo(), 'Undone.');
  }

  redo() {
    this.travel(this.state.history.redo(), 'Redone.');
  }

  jump(step) {
    this.travel(this.state.history.jump(step), `Back at: ${step.label}.`);
  }

  travel(view, text) {
    clearTimeout(this.pause);
    if (!view) {
      this.say('There is no such step.');
      return;
    }
    this.update({ view, influence: {} });
    window.history.replaceState(null, '', views.fragment(view));
    this.refresh();
    this.say(text);
  }

  // -------------------------------------------------------------- stars

  get starsKey() {
    const { network, basis } = this.state.welcome;
    return `regan-stars ${network.sha256} ${basis ? basis.key : ''}`;
  }

  get stars() {
    const key = this.starsKey;
    if (!this.starsOf || this.starsOf.key !== key) this.starsOf = { key, names: new Set(stored(key, [])) };
    return this.starsOf.names;
  }

  isStarred(direction) {
    return this.stars.has(views.directionText(direction));
  }

  toggleStar(direction) {
    const { stars } = this;
    const name = views.directionText(direction);
    if (!stars.delete(name)) stars.add(name);
    store(this.starsKey, [...stars]);
    this.update({});
    this.say(`${name} ${stars.has(name) ? 'starred' : 'not starred any more'}.`);
  }

  starEdit(index) {
    const edit = this.state.view.edits[index];
    if (edit) this.toggleStar(edit.direction);
  }

  /** The strength that a named edit was published or saved with, or null. */
  publishedAmount(edit) {
    const { edits } = this.state.welcome;
    const known = edits.find(({ edit: id, component }) =>
      'edit' in edit.direction ? id === edit.direction.edit : component !== undefined && component === edit.direction.component,
    );
    return known && typeof known.published === 'number' ? known.published : null;
  }

  // -------------------------------------------------------------- pictures

  /** Asks for everything that the view now shows. What did not change is not asked for again. */
  refresh() {
    const { view, phase, stageSize } = this.state;
    if (phase !== 'ready') return;
    const composed = ['strip', 'grid'].includes(view.show.kind);
    const shown = composed ? view : views.single(view);
    this.connection.render('main', shown, stageSize, Boolean(this.dragging));
    if (this.dragging) return;
    this.connection.render('before', views.compared(view), stageSize, false);
    view.latents.slice(0, STRIP_PIN).forEach((_, latent) => {
      this.connection.render(`pin:${latent}`, { ...view, show: { kind: 'single', latent } }, THUMBNAIL, false);
    });
    this.ask('place', { view });
    if (this.state.welcome.factors) this.ask('meters', { view });
  }

  /** A question of which only the newest matters: one is on its way, the latest waits, those between are dropped. */
  async ask(type, body) {
    const text = JSON.stringify(body);
    if (this.latest[type]) {
      this.latest[type].next = { text, body };
      return;
    }
    this.latest[type] = { next: null };
    try {
      const answer = await this.connection.job(type, body);
      if (answer.type === 'result') this.update({ [type]: answer });
    } catch (error) {
      this.update({ [type]: null });
    }
    const { next } = this.latest[type];
    this.latest[type] = null;
    if (next && next.text !== text) this.ask(type, next.body);
  }

  drawn(header, source) {
    const { frames, history } = this.state;
    this.update({ frames: { ...frames, [header.slot]: { header, source } } });
    if (header.slot === 'main' && header.pass === 'final') {
      this.thumbnail(history.current, source);
      const { view, welcome } = this.state;
      this.say(`Final picture. ${views.spokenView(view, welcome.network.num_layers)}.`);
    }
  }

  thumbnail(step, source) {
    if (step.thumbnail) return;
    const canvas = document.createElement('canvas');
    const scale = Math.min(1, THUMBNAIL / Math.max(source.width, source.height));
    canvas.width = Math.max(1, Math.round(source.width * scale));
    canvas.height = Math.max(1, Math.round(source.height * scale));
    const whole = source instanceof ImageData ? asCanvas(source) : source;
    canvas.getContext('2d').drawImage(whole, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      if (!blob || step.thumbnail) return;
      step.thumbnail = URL.createObjectURL(blob);
      this.update({});
    });
  }

  filmStrip(index) {
    const { view } = this.state;
    const show = { kind: 'strip', latent: views.starred(view), edit: index, frames: 5 };
    this.connection.render(`pin:${STRIP_PIN}`, { ...view, show }, 5 * THUMBNAIL, false);
    this.update({ strip: index });
  }

  async findInfluence(index) {
    const answer = await this.attempt(this.connection.job('influence', { view: this.state.view, edit: index }));
    if (answer) this.update({ influence: { ...this.state.influence, [index]: answer.layers } });
  }

  // -------------------------------------------------------------- in and out

  /** Text of a view: JSON, or a link. */
  async open(text) {
    const answer = await this.attempt(this.connection.job('open', { text }));
    if (answer) this.take(answer);
  }

  /** A view from outside; what has to be said of it is said first. */
  take({ view, notes }) {
    if (notes && notes.length) this.update({ dialog: { kind: 'notes', view, notes } });
    else this.change(view, 'opened');
  }

  async drop(files) {
    for (const file of files) {
      const latents = /\.(npy|npz)$/i.test(file.name);
      if (file.size > UPLOAD_BYTES) {
        this.notify(`${file.name} has ${file.size} bytes; at most ${UPLOAD_BYTES} are taken.`);
        continue;
      }
      const address = `${latents ? '/latents' : '/open'}?name=${encodeURIComponent(file.name)}`;
      const headers = { 'Content-Type': 'application/octet-stream' };
      try {
        const response = await fetch(address, { method: 'POST', body: file, headers });
        const answer = await response.json();
        if (!response.ok) this.notify(answer.message);
        else if (latents) this.addFile(answer);
        else this.take(answer);
      } catch (error) {
        this.notify(`${file.name} could not be sent (${error.message}); try again.`);
      }
    }
  }

  addFile({ file, rows, latents }) {
    const { view, welcome } = this.state;
    const room = welcome.limits.pins - view.latents.length;
    const taken = latents.slice(0, room);
    if (!taken.length) {
      this.notify(`A view takes at most ${welcome.limits.pins} latents; remove one first.`);
      return;
    }
    const more = { ...view, latents: [...view.latents, ...taken] };
    this.change(views.withStarred(more, view.latents.length), `latents of ${file}`);
    if (taken.length < rows) this.notify(`${file} has ${rows} latents; the first ${taken.length} were taken.`, 'note');
  }

  async exportAs(kind, options = {}) {
    const job = this.connection.job('export', { kind, view: this.state.view, options }, (progress) => {
      this.update({ exporting: { job: job.id, kind, ...progress } });
    });
    this.update({ exporting: { job: job.id, kind, done: 0, total: 0 } });
    const answer = await this.attempt(job);
    this.update({ exporting: null });
    if (!answer) return;
    const link = document.createElement('a');
    link.href = `/export/${answer.id}`;
    link.download = answer.filename;
    link.click();
    this.say(`Exported ${answer.filename}.`);
  }

  async copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.say(`Copied the ${what}.`);
    } catch (error) {
      this.update({ dialog: { kind: 'text', title: `Copy the ${what}`, text } });
    }
  }

  copyLink() {
    return this.copy(window.location.href.split('#')[0] + views.fragment(this.state.view), 'link');
  }

  async save(index, name, tags, overwrite) {
    const { view } = this.state;
    const answer = await this.attempt(this.connection.job('save', { name, tags, view, edit: index, overwrite }));
    if (!answer) return false;
    this.changeEdit(index, { name, tags }, `save ${name}`);
    this.notify(`Saved as ${answer.path_name || answer.name}.`, 'note');
    return true;
  }

  escape() {
    const { dialog, notice, exporting, basisProgress, painting } = this.state;
    if (dialog || notice) this.update({ dialog: null, notice: null });
    else if (exporting) this.connection.cancel(exporting.job);
    else if (basisProgress) this.connection.cancel(basisProgress.job);
    else if (painting) this.update({ painting: false });
    else if (this.sheet) this.sheet.stop();
  }
}

function asCanvas(data) {
  const canvas = document.createElement('canvas');
  canvas.width = data.width;
  canvas.height = data.height;
  canvas.getContext('2d').putImageData(data, 0, 0);
  return canvas;
}

// Storage may be switched off, full, or hold something else; the page works without it.

function stored(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) || otherwise;
  } catch (error) {
    return otherwise;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (error) {
    console.info(`not kept: ${error.message}`);
  }
}
