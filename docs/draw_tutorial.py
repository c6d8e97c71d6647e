"""The pictures of the tutorial: runs its commands and keeps what they draw in docs/tutorial/.

    python docs/draw_tutorial.py     in the environment of a stack, after a network or a command has changed

Commands with a comment `not run` before them are left out.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent
DRAWN = DOCS.parent / 'build' / 'tutorial'
PICTURES = {
    'seeds/grid': 'seeds',
    'components/seed0007': 'components',
    'layers': 'layers',
    'sequence': 'sequence',
    'named': 'named',
}
BLOCK = re.compile(r'(?P<comment><!-- not run:[^\n]*-->\n)?^```sh\n(?P<commands>.*?)^```$', re.MULTILINE | re.DOTALL)


def main():
    """Runs the commands, then copies the pictures."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ['PATH']])
    for block in BLOCK.finditer((DOCS / 'tutorial.md').read_text(encoding='utf-8')):
        if not block['comment'] and not block['commands'].startswith('make '):
            print(block['commands'], end='', flush=True)
            subprocess.run(
                ['bash', '-e', '-c', block['commands']],
                cwd=str(DOCS.parent),
                check=True,
                env=dict(os.environ, PATH=path),
            )
    for drawn, kept in PICTURES.items():
        shutil.copyfile(str(DRAWN / (drawn + '.png')), str(DOCS / 'tutorial' / (kept + '.png')))


if __name__ == '__main__':
    main()
