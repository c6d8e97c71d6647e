"""Names that scripts of StyleGAN's time expect and newer versions of Python and of libraries lack.

`regan script` puts them back, for the process of the script and those that it starts; nothing of ours uses them.

`importing` sees a module being imported and hands it to what is to be put back there: one module of this room for each
library, with a table of names (`put_back` reads it), and, where a function behaves otherwise today, one of its own.
"""
