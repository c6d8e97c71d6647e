"""The picture of the rooms, rooms.svg: drawn from the imports in the code, so it shows what is and not what was meant.

    python docs/rooms.py            draw it
    python docs/rooms.py --check    exit with 1 if the stored picture is not the one that would be drawn

A room is a package, or a folder of scripts. It stands one floor above the highest room that it imports; imports inside
functions count. Arrows that follow from others are left out: figures import base, but also editing, which imports base.
"""

import ast
import pathlib
import sys
from html import escape

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PICTURE = PROJECT / 'docs' / 'rooms.svg'
HOUSES = ('dnnlib', 'nvlabs_stylegan', 'nvlabs_stylegan2', 'training', 'experiments')  # Besides the rooms of regan.
LEFT_OUT = ('__init__', '__main__')
WIDTH, MARGIN, GAP, STAIRS = 1180, 12, 30, 48  # Pixels: of the picture, around it, between boxes, between floors.
BROADEST, LINE, LETTER = 300, 15, 6.0  # Width of a box, height of a line of module names, width of one of its letters.
STYLE = """
    text { font-family: Helvetica, Arial, sans-serif; fill: #1f2937 }
    .name { font-size: 15px; font-weight: bold }
    .modules { font-size: 11.5px; fill: #4b5563 }
    rect { fill: #eef2ff; stroke: #4f46e5; stroke-width: 1.2 }
    rect.house { fill: #fef3c7; stroke: #b45309 }
    path { fill: none; stroke: #9ca3af; stroke-width: 1.4 }
"""


def room_of(words):
    """The room of a module, which is a list of names, or None: 'components' of ['regan', 'components', 'pca']."""
    if words[0] in HOUSES:
        return words[0]
    if words[0] == 'regan' and len(words) > 1 and (PROJECT / 'regan' / words[1]).is_dir():
        return words[1]
    return None


def read():
    """The rooms as they are: dicts of name -> list of module names, and of name -> set of the rooms that it imports."""
    modules, imports = {}, {}
    for top in ('regan',) + HOUSES:
        for path in sorted((PROJECT / top).rglob('*.py')):
            words = path.relative_to(PROJECT).with_suffix('').parts
            room = room_of(words)
            if room is None:
                continue
            modules.setdefault(room, [])
            imports.setdefault(room, set())
            if words[-1] not in LEFT_OUT:
                modules[room].append(words[-1])
            imports[room] |= {other for other in imported(path, words[:-1]) if other not in (None, room)}
    return modules, imports


def imported(path, package):
    """Rooms that a module of the package (names) imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield room_of(alias.name.split('.'))
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            for alias in node.names:
                yield room_of(start + (node.module.split('.') if node.module else []) + [alias.name])


def floors(imports):
    """Dict of room -> its floor, from 0. Raises ValueError where rooms import each other in a circle."""
    found = {}

    def floor(room, above):
        if room in above:
            raise ValueError('rooms import each other in a circle: %s' % ' -> '.join(above + (room,)))
        if room not in found:
            found[room] = max([floor(other, above + (room,)) + 1 for other in imports[room]], default=0)
        return found[room]

    for room in imports:
        floor(room, ())
    return found


def needed(imports):
    """The arrows that do not follow from others: sorted list of (importer, imported)."""

    def reached(room):
        return imports[room].union(*[reached(other) for other in imports[room]])

    return sorted(
        (room, other)
        for room in imports
        for other in imports[room]
        if not any(other in reached(between) for between in imports[room])
    )


def wrapped(names, letters):
    """Module names as lines of at most so many letters."""
    lines = ['']
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) + 2 > letters:
            lines.append('')
        lines[-1] += (', ' if lines[-1] else '') + name
    return lines


def place(modules, level, arrows):
    """Dict of room -> (left, top, width, lines of module names) of its box, and the height of the picture."""
    boxes, bottom = {}, 0.0
    for floor in range(max(level.values()) + 1):  # Upwards from 0; turned over at the end.
        rooms = sorted(room for room in level if level[room] == floor)
        below = {
            room: [boxes[other][0] + boxes[other][2] / 2 for one, other in arrows if one == room] for room in rooms
        }
        rooms.sort(key=lambda room: (sum(below[room]) / len(below[room]) if below[room] else 0, room))
        width = min(BROADEST, (WIDTH - 2 * MARGIN - GAP * (len(rooms) - 1)) / len(rooms))
        left = (WIDTH - width * len(rooms) - GAP * (len(rooms) - 1)) / 2
        lines = [wrapped(modules[room], int((width - 16) / LETTER)) for room in rooms]
        bottom += max(height_of(names) for names in lines)
        boxes.update({room: (left + i * (width + GAP), bottom, width, lines[i]) for i, room in enumerate(rooms)})
        bottom += STAIRS
    height = bottom - STAIRS + 2 * MARGIN
    turned = {room: (left, height - MARGIN - top, width, lines) for room, (left, top, width, lines) in boxes.items()}
    return turned, height


def height_of(lines):
    """Height of a box with these lines of module names."""
    return 28 + LINE * len(lines)


def draw():
    """The picture, as text."""
    modules, imports = read()
    level, arrows = floors(imports), needed(imports)
    boxes, height = place(modules, level, arrows)
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" role="img">' % (WIDTH, height),
        '  <title>The rooms of Re-GANSpace: each imports only from floors below</title>',
        '  <style>%s  </style>' % STYLE,
        '  <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" style="fill: #9ca3af; stroke: none"/></marker></defs>',
    ]
    for importer, other in arrows:
        (x1, y1, w1, lines), (x2, y2, w2, _) = boxes[importer], boxes[other]
        start, end = (x1 + w1 / 2, y1 + height_of(lines)), (x2 + w2 / 2, y2)
        out.append(
            '  <path marker-end="url(#head)" d="M %.1f %.1f C %.1f %.1f %.1f %.1f %.1f %.1f"/>'
            % (start + (start[0], start[1] + 40, end[0], end[1] - 40) + end)
        )
    for room, (x, y, width, lines) in sorted(boxes.items()):
        house = ' class="house"' if room in HOUSES else ''
        out.append(
            '  <rect%s x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>' % (house, x, y, width, height_of(lines))
        )
        out.append('  <text class="name" x="%.1f" y="%.1f">%s</text>' % (x + 8, y + 19, escape(room)))
        for i, line in enumerate(lines):
            out.append('  <text class="modules" x="%.1f" y="%.1f">%s</text>' % (x + 8, y + 36 + LINE * i, escape(line)))
    return '\n'.join(out + ['</svg>', ''])


def is_current():
    """Whether the stored picture shows the code as it is."""
    return PICTURE.exists() and PICTURE.read_text(encoding='utf-8') == draw()


if __name__ == '__main__':
    if sys.argv[1:] == ['--check']:
        sys.exit(None if is_current() else PICTURE.name + ' does not show the code as it is; run: python docs/rooms.py')
    PICTURE.write_text(draw(), encoding='utf-8')
