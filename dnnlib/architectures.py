"""Which of our networks a pickled state stands for, and whether it is one. No TensorFlow, no code of the pickle.

The build function's name alone does not tell: `G_mapping` and `G_synthesis` occur in several generations and compute
different functions, and the state version only tells who wrote the file. The rules are those of the official formats.
"""

import ast
import functools
import importlib.util
import re
import reprlib

from dnnlib import judge_states, trust
from dnnlib.unpickle import NetworkPickleError

STYLEGAN, STYLEGAN2, ADA, SEGAN, READER = 'stylegan', 'stylegan2', 'stylegan2-ada', 'segan', 'factor-reader'
VGG16, INCEPTION = 'vgg16', 'inception-v3'  # They judge images; files of others become such, see `judge_states`.
JUDGES = (VGG16, INCEPTION)
# Of their own repository, and of the first StyleGAN's, which stores some kernels differently.
PROGRESSIVE, PROGRESSIVE3 = 'progressive-gan', 'progressive-gan-of-stylegan'
BIGGAN = 'biggan-deep'

MODULES = {
    PROGRESSIVE: 'nvlabs_stylegan.progressive',
    PROGRESSIVE3: 'nvlabs_stylegan.networks_progan',
    STYLEGAN: 'nvlabs_stylegan.networks',
    STYLEGAN2: 'nvlabs_stylegan2.networks',
    ADA: 'nvlabs_stylegan2.ada',
    SEGAN: 'nvlabs_stylegan2.segan',
    READER: 'nvlabs_stylegan2.factor_reader',
    BIGGAN: 'regan.biggan.network',
    VGG16: 'regan.judges.vgg16',
    INCEPTION: 'regan.judges.inception_v3',
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
    VGG16: ('VGG16', 'LPIPS'),
    INCEPTION: ('Inception_v3',),
    PROGRESSIVE: ('G_paper', 'D_paper'),
    PROGRESSIVE3: ('G_paper', 'D_paper'),
    BIGGAN: ('G_biggan_deep',),
}

# The state version with which networks of a generation are written.
STATE_VERSION = {PROGRESSIVE: 2, STYLEGAN: 3, PROGRESSIVE3: 3, STYLEGAN2: 4, ADA: 5, SEGAN: 4, READER: 4}
STATE_VERSION.update(dict.fromkeys(JUDGES + (BIGGAN,), 4))

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
    owners = [g for g in (STYLEGAN, STYLEGAN2, ADA, SEGAN, READER, BIGGAN) + JUDGES if name in FUNCTIONS[g]]
    if not owners:
        known = sorted(set(sum(FUNCTIONS.values(), ())))
        raise NetworkPickleError(
            'network %r is built by the function %r, which is not one of ours (%s); %s.'
            % (state.name, name, ', '.join(known), _way_out(state))
        )
    return owners[0]


def is_known(state):
    """Whether a network names a build function of one of our generations."""
    return any(state.build_func_name in names for names in FUNCTIONS.values())


def judge(state, as_classifier=False):
    """The state of a judge of ours that computes what a network of a function unknown to us does: NetworkState, or None
    if none does.

    Args:
        state: NetworkState of a network that stands alone.
        as_classifier: see `judge_states.rebuilt`.
    Raises: NetworkPickleError if it is nearly one of them.
    """
    if is_known(state):
        return None
    try:
        return judge_states.rebuilt(state, as_classifier)
    except NetworkPickleError as error:
        raise NetworkPickleError('%s; %s.' % (error, _way_out(state))) from None


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
            'network %r is built by the function %r, which %s does not have (it has %s); %s.'
            % (state.name, name, of_generation, ', '.join(FUNCTIONS[of_generation]), _way_out(state))
        )
    return MODULES[of_generation] + '.' + name


# ------------------------------------------------------------------ is it ours?


def check(state, parts=None):
    """What `generation` says of a whole network, after a check that our functions can build it and its components.

    Forks change functions and keep their names: they add arguments, variables, or sides that are no powers of two.

    Args:
        state: NetworkState.
        parts: the NetworkStates of its components; default: those in it.
    Raises: NetworkPickleError, which says what is not ours, and how the file's own code can be used.
    """
    found = generation(state)
    for part in [state] + list(state.components.values() if parts is None else parts):
        build_function_name(part, found)
        check_arguments(part, found)
        _check_variables(part, found)
    return found


def check_arguments(state, of_generation):
    """Raises NetworkPickleError for static arguments that no function of the generation knows: they may change the
    network.
    """
    unknown = sorted(set(state.static_kwargs) - _known_arguments(of_generation))
    if unknown:
        raise NetworkPickleError(
            'network %r (%s) was built with the argument %s = %s, which our implementation does not know; %s.'
            % (
                state.name,
                state.build_func_name,
                unknown[0],
                reprlib.repr(state.static_kwargs[unknown[0]]),
                _way_out(state),
            )
        )


@functools.lru_cache(maxsize=None)
def _known_arguments(of_generation):
    """Names of all parameters of a generation's functions, from their source text: TensorFlow takes long to import."""
    found = [_parameters(MODULES[of_generation], function) for function in FUNCTIONS[of_generation]]
    return HARMLESS_ARGUMENTS.union(*found)


def _parameters(module, function):
    """Names of the parameters of a function of a module, or of one that the module imports: list of str."""
    for node in _statements(module):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return [argument.arg for argument in node.args.args + node.args.kwonlyargs]
        if isinstance(node, ast.ImportFrom) and function in [alias.name for alias in node.names]:
            return _parameters(node.module, function)
    raise LookupError('%s has no function %s' % (module, function))


@functools.lru_cache(maxsize=None)
def _statements(module):
    spec = importlib.util.find_spec(module)
    return ast.parse(spec.loader.get_source(module)).body


_LOCAL_NAME = re.compile(
    r'(lod|dlatent_avg|noise[0-9]+|((4x4/)?(Const|Dense[0-9]*)/|([0-9]+x[0-9]+)/(Conv|Conv0|Conv0_up|Conv1|Conv1_down|'
    r'Skip|ToRGB|FromRGB)/|(To|From)RGB_lod[0-9]+/|Mapping[0-9]+/|Label(Concat|Embed)/|Output/)'
    r'((Noise|StyleMod)/)?(const|weight|bias|mod_weight|mod_bias|noise_strength|weight_sn))\Z'
)
_DEFAULT_RESOLUTION = {'D_basic': 32, 'G_paper': 32, 'D_paper': 32, 'G_biggan_deep': 128}  # All others: 1024.


def resolution(state):
    """The resolution that a network among ours was made for, as its arguments say or leave to their default."""
    return state.static_kwargs.get('resolution', _DEFAULT_RESOLUTION.get(state.build_func_name, 1024))


def _check_variables(state, of_generation):
    """Refuses layers that no network of ours has; their squares have the sides 4, 8, ... up to the resolution."""
    sides = set()
    for name, value in state.variables.items():
        match = _LOCAL_NAME.match(name)
        height, width = map(int, (match and match.group(5) or '4x4').split('x'))
        square = height == width and height >= 4 and not height & height - 1
        if not square or match is None and of_generation not in (SEGAN, READER, BIGGAN) + JUDGES:  # Which have more.
            _refuse_variable(state, name)
        if name == '4x4/Const/const' and value.shape[2:] != (4, 4):
            _refuse_variable(state, '%s of shape %s' % (name, list(value.shape)))
        if match and match.group(5):
            sides.add(height)
    if sides and max(sides) != resolution(state):
        raise NetworkPickleError(
            'network %r (%s) is for the resolution %s by its arguments, but its layers end at %d; %s.'
            % (state.name, state.build_func_name, reprlib.repr(resolution(state)), max(sides), _way_out(state))
        )


def _refuse_variable(state, what):
    raise NetworkPickleError(
        'network %r (%s) has the variable %s, which no network of ours has; %s.'
        % (state.name, state.build_func_name, what, _way_out(state))
    )


def _way_out(state):
    """What to do about a network that is not ours."""
    return trust.ADVICE + ('' if state.build_module_src else '; this file has no such text')
