// Undo and redo of views, with branches: a step back and another way forward loses nothing.

const KEPT = 200;

export class History {
  constructor(view) {
    this.steps = [];
    this.current = null;
    this.commit(view, 'start');
  }

  get view() {
    return this.current.view;
  }

  /** Adds a step after the current one, unless the view is the same. */
  commit(view, label) {
    if (this.current && JSON.stringify(this.current.view) === JSON.stringify(view)) return;
    const step = { view, label, parent: this.current, next: null, thumbnail: null };
    if (this.current) this.current.next = step;
    this.current = step;
    this.steps.push(step);
    if (this.steps.length > KEPT) this.forget(this.steps.shift());
  }

  forget(gone) {
    if (gone.thumbnail) URL.revokeObjectURL(gone.thumbnail);
    for (const step of this.steps) if (step.parent === gone) step.parent = null;
  }

  undo() {
    if (!this.current.parent) return null;
    this.current.parent.next = this.current;
    this.current = this.current.parent;
    return this.current.view;
  }

  redo() {
    if (!this.current.next) return null;
    this.current = this.current.next;
    return this.current.view;
  }

  jump(step) {
    this.current = step;
    return step.view;
  }
}
