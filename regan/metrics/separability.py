"""Linear separability: does a hyperplane in latent space tell the attributes apart? (StyleGAN section 4.2)"""

import warnings

import numpy as np

from regan.base.errors import UserError


def score(entropies):
    """2^(sum of the conditional entropies [bits]): 1 if every attribute is linear, about 2^A if none of A is."""
    return float(2 ** np.sum(entropies))


def entropies(inputs, logits, progress=None, keep=None):
    """What remains unknown of each attribute once a linear classifier of the inputs has answered, in bits.

    Of each attribute only the surer half of the samples is used: those with the largest |logit| (the official measure
    keeps 100,000 of 200,000 by the larger class probability, softmax(l, -l), which has the same order).

    Args:
        inputs: float [n, D], latents z or w.
        logits: float [n, A], positive where the attribute is there.
        progress: callable that gets the number of attributes done since its last call.
        keep: how many samples are the surer ones; None: half of them.
    Returns: float64 [A].
    Raises: UserError for fewer than 4 samples.
    """
    if len(inputs) < 4:
        raise UserError('linear separability needs at least 4 images; raise n')
    found = []
    for logit in np.transpose(logits):
        sure = np.argsort(-np.abs(logit), kind='mergesort')[: len(logit) // 2 if keep is None else keep]
        target = logit[sure] > 0
        found.append(conditional_entropy(target, predictions(inputs[sure], target)))
        if progress:
            progress(1)
    return np.array(found)


def predictions(inputs, target):
    """The answers of a linear support vector machine for the samples that it was fitted to: bool [n].

    scikit-learn's LinearSVC with the default loss and penalty. The primal solver, as it is deterministic and converges;
    the optimum is that of the dual one. With one class only there is nothing to fit: the answers are the targets.
    """
    from sklearn import exceptions, svm  # Here, because it takes long to load.

    if target.all() or not target.any():
        return target
    with warnings.catch_warnings():
        warnings.simplefilter(
            'ignore', exceptions.ConvergenceWarning
        )  # The entropy judges the answers, whatever the solver thinks.
        return svm.LinearSVC(dual=False).fit(inputs, target).predict(inputs)


def conditional_entropy(target, prediction):
    """H(target | prediction) of two bool arrays [n], in bits: H(target) less their mutual information, not below 0."""
    joint = np.array([[np.mean((prediction == p) & (target == t)) for t in (False, True)] for p in (False, True)])
    known = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    possible = joint > 0
    information = (joint[possible] * np.log2(joint[possible] / known[possible])).sum()
    return max(0.0, _entropy(joint.sum(axis=0)) - float(information))


def _entropy(probabilities):
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log2(positive)).sum())
