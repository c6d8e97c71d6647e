"""The settings of the published metrics by name (official StyleGAN2 and StyleGAN2-ADA API)."""

from dnnlib.util import EasyDict

_FLOAT32 = dict(dtype='float32')


def _paths(name, space, sampling, crop):
    return EasyDict(
        name=name,
        func_name='metrics.perceptual_path_length.PPL',
        num_samples=50000,
        epsilon=1e-4,
        space=space,
        sampling=sampling,
        crop=crop,
        minibatch_per_gpu=4,
        Gs_overrides=dict(_FLOAT32),
    )


def _features(name, class_name, **settings):
    return EasyDict(name=name, func_name='metrics.' + class_name, minibatch_per_gpu=8, **settings)


_FID, _KID = 'frechet_inception_distance.FID', 'kernel_inception_distance.KID'
_NEIGHBOURS = dict(nhood_size=3, row_batch_size=10000, col_batch_size=10000)
_WHOLE = dict(max_reals=None, num_fakes=50000)  # StyleGAN2-ADA: all real images that there are.

metric_defaults = EasyDict(
    (args.name, args)
    for args in [
        _features('fid50k', _FID, num_images=50000),
        _features('is50k', 'inception_score.IS', num_images=50000, num_splits=10),
        _paths('ppl_zfull', 'z', 'full', crop=True),
        _paths('ppl_wfull', 'w', 'full', crop=True),
        _paths('ppl_zend', 'z', 'end', crop=True),
        _paths('ppl_wend', 'w', 'end', crop=True),
        _paths('ppl2_wend', 'w', 'end', crop=False),
        EasyDict(
            name='ls',
            func_name='metrics.linear_separability.LS',
            num_samples=200000,
            num_keep=100000,
            attrib_indices=range(40),
            minibatch_per_gpu=4,
        ),
        _features('pr50k3', 'precision_recall.PR', num_images=50000, **_NEIGHBOURS),
        _features('kid50k', _KID, num_images=50000),
        _features('fid50k_full', _FID, **_WHOLE),
        _features('kid50k_full', _KID, **_WHOLE),
        _features('pr50k3_full', 'precision_recall.PR', **_WHOLE, **_NEIGHBOURS),
    ]
)
