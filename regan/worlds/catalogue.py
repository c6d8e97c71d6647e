"""The factors of every world, as data. All lie in [0, 1]; their order is the order of the columns."""

from regan.worlds.factors import Cut, Factor, Leaning, Normal, Switch, Uniform

_CARS = (
    Factor('yaw', 'side that is seen: 0 back, 0.5 right side, 1 front', Cut(1.0, pivot=0.5, offset=0.5)),
    Factor('elevation', 'height of the camera: 0 near the ground, 1 looking down by 24 degrees'),
    Factor('zoom', 'distance of the camera: 0 far, 1 near'),
    Factor('hue', 'of the paint, once round the colour circle'),
    Factor('saturation', 'of the paint', Uniform(0.15, 0.95)),
    Factor('value', 'brightness of the paint', Uniform(0.25, 0.95)),
    Factor('type', '0 sports car, 0.5 sedan, 1 SUV'),
    Factor('length', 'of the car: 0 short, 1 long'),
    Factor('grass', 'ground: 0 road, 1 meadow; mostly near one of the two', Cut(2.4, pivot=0.5, offset=0.5)),
    Factor('sunset', 'colours of sky and light: 0 day, 1 sunset'),
    Factor('light', 'direction of the sun: 0 from behind the car, 0.5 from its right, 1 from its front'),
    Factor('ground_shade', 'brightness of the road: 0 dark, 1 light'),
    Factor('hills', 'height of the hills: 0 flat, 1 high; seen only where the camera is low'),
    Factor('wheel', 'radius of the wheels: 0 small, 1 large'),
    Factor('phase', 'which part of the random ground and hills is seen'),
    Factor('gloss', 'of the paint: 0 matt, 1 mirrors the sky'),
)

_HEAD = {
    factor.name: factor
    for factor in (
        Factor(
            'yaw', 'turn of the head: 0 to the left, 0.5 to the front, 1 to the right; at most 43 degrees', Normal(0.22)
        ),
        Factor('pitch', 'nod of the head: 0 down, 1 up; at most 16 degrees', Normal(0.22)),
        Factor('zoom', 'distance of the camera: 0 far, 1 near'),
        Factor('skin', '0 light, 1 dark'),
        Factor('smile', '0 none, 1 wide with teeth'),
        Factor(
            'hair_length',
            '0 short, 1 long; longer where gender is low',
            Leaning(1.2, on='gender', weight=-0.7, offset=0.2),
        ),
        Factor('hair_hue', '0 red-brown, 1 yellow; also the brightness of the clothes'),
        Factor('hair_value', 'brightness of the hair: 0 black, 1 light'),
        Factor('gender', 'jaw, nose, lips and brows: 0 female, 1 male', Cut(2.0, pivot=0.5, offset=0.5)),
        Factor('glasses', 'worn above 0.5', Switch(0.28)),
        Factor('strokes', 'strength of the brush: 0 fine, 1 coarse, with fewer colours'),
        Factor('age', '0 young, 1 old: wrinkles and folds from 0.35, grey hair'),
        Factor('eye_open', 'upper eyelid: 0 low, 1 high'),
        Factor('bg_hue', 'hue of the wall, once round the colour circle; the clothes have nearly the opposite one'),
        Factor('bg_value', 'brightness of the wall'),
        Factor('light', 'direction of the light: 0 from the left, 1 from the right'),
        Factor('beard', '0 none, 1 full; only where gender is above 0.5', Cut(2.2, offset=-1.2)),
    )
}

_BEETLES = (
    Factor('turn', 'head of the beetle: 0 to the right, 1 to the left; at most 26 degrees', Normal(0.16)),
    Factor('length', '0 short, 1 long'),
    Factor('width', '0 narrow, 1 broad'),
    Factor('hue', 'of the wings: 0 red, over green and blue, 1 violet'),
    Factor('saturation', 'of the wings'),
    Factor('value', 'brightness of the wings'),
    Factor('pattern', 'strength of the pattern: 0 plain, 1 strong', Cut(1.6, pivot=0.35)),
    Factor('pattern_angle', '0 stripes along the body, 0.5 bands across, 1 along again'),
    Factor('pattern_frequency', '0 few bands, 1 many'),
    Factor('pattern_hue', '0 red, 1 yellow-green'),
    Factor('gloss', '0 matt, 1 glossy'),
    Factor('leg_spread', '0 legs drawn in, 1 spread'),
    Factor('antenna', '0 short, 1 long'),
    Factor('head', '0 small, 1 large'),
    Factor('light', 'direction of the light: 0 from the left, 1 from the right'),
    Factor('horn', 'above 0.5 there is a horn, at 1 the longest'),
)


def _heads(special):
    """The factors of a head with the `special` one in its column."""
    return tuple(
        _HEAD[name]
        for name in (
            'yaw pitch zoom skin smile hair_length hair_hue hair_value gender %s age eye_open bg_hue bg_value light '
            'beard' % special
        ).split()
    )


FACTORS = {'cars': _CARS, 'faces': _heads('glasses'), 'beetles': _BEETLES, 'portraits': _heads('strokes')}
