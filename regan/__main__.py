"""`python -m regan` is the command `regan`."""

from regan.cli import main

if __name__ == '__main__':
    main()
