"""Folders that scripts written for StyleGAN (first generation) import; edit them to your liking."""

result_dir = 'results'  # Of runs, see dnnlib.submit_run.
data_dir = 'datasets'
cache_dir = 'cache'  # Of downloads, see dnnlib.util.open_url.
run_dir_ignore = ['results', 'datasets', 'cache']  # Not copied with the sources of a run.
