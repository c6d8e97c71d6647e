// The keyboard: which key does what, outside text fields.

import { KINDS } from './stage.js';
import { ZONES, layerRanges, layerSet, starred } from './view.js';

export const KEYS = [
  ['Arrows on a slider', '0.1; with Shift, or Page Up and Down, 1; Home and End the ends; 0 zero; Enter to type'],
  ['Up, Down, J, K', 'rows of the sheet or the edits; Enter adds a tile'],
  ['Space (hold)', 'show the unedited picture'],
  ['[ and ]', 'shift the layers of the selected edit; { and } move their end'],
  ['1 2 3 4', 'zone: all, coarse, middle, fine'],
  ['C', 'next way to compare; arrows on the wipe line move it'],
  ['R', 'random seed'],
  [', and .', 'previous and next latent'],
  ['B', 'pin one more seed'],
  ['S', 'star the selected edit'],
  ['T', 'name, tag and save the selected edit'],
  ['/', 'find in the sheet'],
  ['L', 'copy the link'],
  ['E', 'export'],
  ['Ctrl+Z, Ctrl+Shift+Z', 'undo, redo'],
  ['Delete', 'remove the selected edit'],
  ['Home (outside a slider)', 'all amounts to 0'],
  ['Esc', 'stop the running job, close'],
  ['?', 'this help'],
];

export function listenToKeys(target, explorer) {
  target.addEventListener('pointerdown', () => {
    explorer.pointerDown = true;
  }, true);
  for (const name of ['pointerup', 'pointercancel', 'blur']) {
    target.addEventListener(name, () => {
      explorer.pointerDown = false;
      if (explorer.dragging) explorer.commit();
    }, true);
  }
  target.addEventListener('keydown', (event) => pressed(event, explorer));
  target.addEventListener('keyup', (event) => {
    if (event.key === ' ' && explorer.state.holding) explorer.update({ holding: false });
  });
}

function pressed(event, explorer) {
  if (!explorer.state.view) return;
  const command = event.ctrlKey || event.metaKey;
  const typing = event.target.closest('input:not([type=range]):not([type=checkbox]), textarea, select');
  if (event.key === 'Escape') explorer.escape();
  else if (typing) return;
  else if (command && event.key.toLowerCase() === 'z') {
    event.preventDefault();
    if (event.shiftKey) explorer.redo();
    else explorer.undo();
  } else if (!command && !event.altKey && act(event, explorer)) event.preventDefault();
}

/** Whether a key outside text fields meant something. */
function act(event, explorer) {
  const { state } = explorer;
  const { key, target } = event;
  if (state.dialog) return false;
  const onControl = target.closest('button, [role=slider], [role=application], input, summary, a');
  if (key === ' ' && !onControl) {
    if (!state.holding) explorer.update({ holding: true });
    return true;
  }
  if (key === 'Delete') return does(() => explorer.removeEdit(state.selected));
  if (key === 'Home' && !onControl) return does(() => explorer.allToZero());
  if (['ArrowUp', 'ArrowDown'].includes(key) && !onControl) return moveRow(explorer, key === 'ArrowDown' ? 1 : -1);
  if (!state.letters || (key === '0' && onControl)) return false;
  const letter = LETTERS[key] || LETTERS[key.toLowerCase()];
  return letter ? does(() => letter(explorer, state)) : false;
}

function does(action) {
  action();
  return true;
}

const LETTERS = {
  j: (explorer) => moveRow(explorer, 1),
  k: (explorer) => moveRow(explorer, -1),
  '[': (explorer) => shiftLayers(explorer, -1, false),
  ']': (explorer) => shiftLayers(explorer, 1, false),
  '{': (explorer) => shiftLayers(explorer, -1, true),
  '}': (explorer) => shiftLayers(explorer, 1, true),
  1: (explorer) => explorer.update({ zone: ZONES[0] }),
  2: (explorer) => explorer.update({ zone: ZONES[1] }),
  3: (explorer) => explorer.update({ zone: ZONES[2] }),
  4: (explorer) => explorer.update({ zone: ZONES[3] }),
  c: (explorer, { view }) => {
    const kinds = view.edits.length ? KINDS : KINDS.filter((kind) => kind !== 'strip');
    explorer.compare(kinds[(kinds.indexOf(view.show.kind) + 1) % kinds.length]);
  },
  r: (explorer) => explorer.randomSeed(),
  ',': (explorer, { view }) => explorer.star(starred(view) - 1),
  '.': (explorer, { view }) => explorer.star(starred(view) + 1),
  b: (explorer) => explorer.addLatent({ seed: crypto.getRandomValues(new Uint32Array(1))[0] }),
  s: (explorer, { selected }) => explorer.starEdit(selected),
  t: (explorer, { view, selected }) => {
    if (view.edits[selected]) explorer.update({ dialog: { kind: 'save', index: selected } });
  },
  '/': (explorer) => {
    explorer.prefer({ sheetOpen: true });
    explorer.update({ tab: 'sheet' });
    setTimeout(() => document.getElementById('find').focus());
  },
  l: (explorer) => explorer.copyLink(),
  e: () => document.querySelector('[aria-controls=export]').click(),
  '?': (explorer) => explorer.update({ dialog: { kind: 'help' } }),
};

function moveRow(explorer, step) {
  const { state, sheet } = explorer;
  if (sheet && (document.activeElement.closest('.sheet') || !state.view.edits.length)) sheet.move(step);
  else explorer.update({ selected: Math.max(0, Math.min(state.view.edits.length - 1, state.selected + step)) });
  return true;
}

/** Shifts the layers of the selected edit, or only their end, within the network. */
function shiftLayers(explorer, step, onlyEnd) {
  const { view, selected, welcome } = explorer.state;
  const edit = view.edits[selected];
  if (!edit) return;
  const count = welcome.network.num_layers;
  const layers = layerSet(edit.layers);
  const first = Math.min(...layers);
  const last = Math.max(...layers);
  let next;
  if (!onlyEnd) next = new Set([...layers].map((layer) => layer + step));
  else if (step > 0) next = new Set([...layers, last + 1]);
  else next = new Set([...layers].filter((layer) => layer < last));
  if (!next.size || Math.min(...next, first) < 0 || Math.max(...next) >= count) {
    explorer.say('There are no further layers.');
    return;
  }
  explorer.changeEdit(selected, { layers: layerRanges(next) }, 'layers', { later: true });
}
