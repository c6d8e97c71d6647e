"""Pictures to latents: the w, or the w of each layer, of which a generator draws a given picture.

TensorFlow gives a loss and its gradients (`objective`), by a distance of pictures (`distances`); everything else, from
schedules to optimisers, is NumPy, one row for each picture, so that pictures share minibatches and nothing else.
"""
