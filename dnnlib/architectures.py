"""Which of our networks a pickled state stands for. No TensorFlow, no code of the pickle.

The build function's name alone does not tell: `G_mapping` and `G_synthesis` occur in several generations and compute
different functions, and the state version only tells who wrote the file. The rules are those of the official formats.
"""

from dnnlib.unpickle import NetworkPickleError

STYLEGAN, STYLEGAN2, ADA, SEGAN, READER = 'stylegan', 'stylegan2', 'stylegan2-ada', 'segan', 'factor-reader'
# Of their own repository, and of the first StyleGAN's, which stores some kernels differently.
PROGRESSIVE, PROGRESSIVE3 = 'progressive-gan', 'progressive-gan-of-stylegan'

MODULES = {
    PROGRESSIVE: 'nvlabs_stylegan.progressive',
    PROGRESSIVE3: 'nvlabs_stylegan.networks_progan',
    STYLEGAN: 'nvlabs_stylegan.networks',
    STYLEGAN2: 'nvlabs_stylegan2.networks',
    ADA: 'nvlabs_stylegan2.ada',
    SEGAN: 'nvlabs_stylegan2.segan',
    READER: 'nvlabs_stylegan2.factor_reader',
}

FUNCTIONS = {
    STYLEGAN: ('G_style', 'G_mapping', 'G_synthesis', 'D_basic'),
    STYLEGAN2: (
        'G_main',
        'G_mapping',
        'G_synthesis_stylegan2',
        'G_synthesis_stylegan_revised',
        'D_stylegan2',
        'D_stylegan',
    ),
    ADA: ('G_main', 'G_mapping', 'G_synthesis', 'D_main'),
    SEGAN: ('G_segan', 'G_mapping', 'G_synthesis_segan'),  # Its discriminator is StyleGAN2's.
    READER: ('F_reader',),
    PROGRESSIVE: ('G_paper', 'D_paper'),
    PROGRESSIVE3: ('G_paper', 'D_paper'),
}

# The state version with which networks of a generation are written.
STATE_VERSION = {PROGRESSIVE: 2, STYLEGAN: 3, PROGRESSIVE3: 3, STYLEGAN2: 4, ADA: 5, SEGAN: 4, READER: 4}

# Static arguments of published files that change neither variables nor the function at run-time defaults.
HARMLESS_ARGUMENTS = frozenset(
    (
        'structure',
        'truncation_psi',
        'truncation_cutoff',
        'style_mixing_prob',
        'w_avg_beta',
        'dlatent_avg_beta',
        'conditioning',
        'fused_modconv',
        'label_fmaps',
        'freeze_layers',
        'augment_strength',
        'pagan_num',
        'pagan_fade',
    )
)


def generation(state):
    """The generation whose mathematics a network uses: one of the keys of MODULES.

    Args:
        state: NetworkState of a whole network, or of a component that stands alone.
    Raises: NetworkPickleError if the build function is unknown, or a lone mapping network could be of either of the
        first two.
    """
    name = state.build_func_name
    if name == 'G_main':
        return STYLEGAN2 if 'lod' in state.variables else ADA
    if name == 'G_synthesis':
        return ADA if any(v.endswith('/mod_weight') for v in state.variables) else STYLEGAN
    if name == 'G_mapping':
        return _mapping_generation(state)
    if name in FUNCTIONS[PROGRESSIVE]:
        return PROGRESSIVE if state.version == STATE_VERSION[PROGRESSIVE] else PROGRESSIVE3
    owners = [g for g in (STYLEGAN, STYLEGAN2, ADA, SEGAN, READER) if name in FUNCTIONS[g]]
    if not owners:
        known = sorted(set(sum(FUNCTIONS.values(), ())))
        raise NetworkPickleError(
            "network %r is built by the function %r, which is not one of ours (%s); the file's own source text can be "
            "run instead "
            '(trust_embedded_code, --trust-embedded-code), which lets the file do anything on this machine.'
            % (state.name, name, ', '.join(known))
        )
    return owners[0]


def _mapping_generation(state):
    embeds, concatenates = [
        any(v.startswith(scope) for v in state.variables) for scope in ('LabelEmbed/', 'LabelConcat/')
    ]
    if embeds or (state.version == 5 and not concatenates):  # ADA's code also saves earlier networks again.
        return ADA
    if 'def G_synthesis_segan(' in state.build_module_src:
        return SEGAN
    if 'fused_bias_act' in state.build_module_src:
        return STYLEGAN2
    if state.version == 3 or state.build_module_src:
        return STYLEGAN
    raise NetworkPickleError(
        'mapping network %r stands alone and could be of the first or second generation, which compute different '
        'functions; load it with its generator.' % state.name
    )


def build_function_name(state, of_generation):
    """Dotted name of our build function for a state, e.g. 'nvlabs_stylegan2.networks.G_main'.

    Networks of the 'orig' kind that were published with progressive-growing variable names are the same function as the
    growing networks at lod 0. Raises NetworkPickleError if the generation has no such function.
    """
    name = state.build_func_name
    if of_generation == STYLEGAN2:
        if name == 'G_synthesis_stylegan2' and any(v.startswith('ToRGB_lod') for v in state.variables):
            name = 'G_synthesis_stylegan_revised'
        if name == 'D_stylegan2' and any(v.startswith('FromRGB_lod') for v in state.variables):
            name = 'D_stylegan'
    if name not in FUNCTIONS[of_generation]:
        raise NetworkPickleError(
            'network %r is built by the function %r, which %s does not have (it has %s).'
            % (state.name, name, of_generation, ', '.join(FUNCTIONS[of_generation]))
        )
    return MODULES[of_generation] + '.' + name
