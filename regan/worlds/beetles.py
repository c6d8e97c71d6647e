"""Beetles on paper, seen from above."""

import collections
import math

from regan.worlds import colour, raymarch, sdf, vector
from regan.worlds.colour import Colour
from regan.worlds.compiled import compiled, inner
from regan.worlds.painting import Picture, between
from regan.worlds.raymarch import March, Shadow
from regan.worlds.vector import Vector

# What a factor moves something between: (at 0, at 1). The picture is 2.68 wide.
TURN = (-0.45, 0.45)  # Radians.
HALF_LENGTH, HALF_WIDTH = (0.62, 0.84), (0.36, 0.56)
HEAD_SIZE = (0.13, 0.21)
SPREAD = (0.35, 0.80)  # Of the legs.
ANTENNA_JOINT, ANTENNA_TIP_X, ANTENNA_TIP = (0.0, 0.16), (0.26, 0.42), (0.02, 0.44)
HORN_FROM = 0.5  # There is a horn above this value of the factor;
HORN_GROWTH = 0.5  # it grows from there.
LIGHT_TURN = (-1.2, 1.2)  # Radians about the vertical.
HUE, SATURATION, VALUE = (0.0, 0.75), (0.35, 0.95), (0.20, 0.80)
PATTERN_HUE, PATTERN_SATURATION, PATTERN_VALUE = (0.0, 0.2), 0.75, 0.92
PATTERN_ANGLE, PATTERN_FREQUENCY = (0.0, math.pi), (9.0, 22.0)
GLOSS = (0.15, 0.90)

# Fixed parts.
VIEW, VIEW_Z = 1.34, 0.12  # Half width of the picture; what lies in its middle.
LIGHT_SIDE, LIGHT_HEIGHT, LIGHT_FORWARD = 0.55, 0.75, 0.45
WINGS_Z, WINGS_HEIGHT, WINGS_BELOW = -0.22, 0.30, -0.05
SEAM_DEPTH, SEAM_WIDTH, SEAM_SHADE_WIDTH, SEAM_SHADE = 0.012, 0.018, 0.014, 0.75
THORAX_BEFORE, THORAX_WIDTH = -0.20, 0.86  # From the wings' front end; share of the wings' width.
THORAX_Y, THORAX_HEIGHT, THORAX_LENGTH = 0.01, 0.24, 0.24
HEAD_BEFORE, HEAD_SUNK = 0.20, 0.6
HEAD_Y, HEAD_WIDTH, HEAD_HEIGHT = 0.02, 1.25, 0.15
LEG_ANGLES = (0.48, -0.08, -0.672)  # Forward or backward, front leg first.
LEG_RADII, ANTENNA_RADII, HORN_RADIUS = (0.035, 0.024), (0.018, 0.015), 0.035

WINGS, THORAX, HEAD, LIMB = range(4)
AMBIENT, DIFFUSE, SHININESS = 0.34, 0.85, 40
THORAX_SHADE, HEAD_SHADE, HEAD_LIGHT = 0.72, 0.45, 0.02
LIMB_COLOUR, LIMB_GLOSS = Colour(0.05, 0.04, 0.035), 0.1
PAPER, PAPER_AMBIENT, PAPER_LIT, PAPER_Y = Colour(0.86, 0.8514, 0.8256), 0.62, 0.38, -0.14

CAMERA_Y, DEEPEST = 0.9, 1.06  # Rays start at this height and go down so far.
MARCH = March(start=0.0, stop=DEEPEST, steps=40, share=0.8)
SHADOW = Shadow(start=0.04, stop=0.9, steps=14, sharpness=5.0, dark=0.05)
DOWN = Vector(0.0, -1.0, 0.0)

Leg = collections.namedtuple('Leg', 'root knee foot')
Beetle = collections.namedtuple(
    'Beetle', 'wings thorax_z thorax_half_width head_z head legs antenna has_horn horn_root horn_tip'
)
Pattern = collections.namedtuple('Pattern', 'share colour across along')
Scene = collections.namedtuple('Scene', 'cos_turn sin_turn beetle light half_way colour gloss pattern')


def scene(f):
    """What the compiled code needs to draw the factors `f`. Space turns with the beetle."""
    turn = between(TURN, f.turn)
    light = _light(f, turn)
    return Scene(
        cos_turn=math.cos(turn),
        sin_turn=math.sin(turn),
        beetle=_beetle(f),
        light=light,
        half_way=vector.unit(vector.minus(light, DOWN)),
        colour=colour.squared(
            colour.of_hue(between(HUE, f.hue), between(SATURATION, f.saturation), between(VALUE, f.value))
        ),
        gloss=between(GLOSS, f.gloss),
        pattern=_pattern(f),
    )


def _light(f, turn):
    angle = between(LIGHT_TURN, f.light)
    light = vector.unit(Vector(LIGHT_SIDE * math.sin(angle), LIGHT_HEIGHT, LIGHT_FORWARD * math.cos(angle)))
    return Vector(
        light.x * math.cos(turn) + light.z * math.sin(turn),
        light.y,
        light.z * math.cos(turn) - light.x * math.sin(turn),
    )


def _beetle(f):
    half_length, half_width = between(HALF_LENGTH, f.length), between(HALF_WIDTH, f.width)
    size = between(HEAD_SIZE, f.head)
    thorax_z = half_length + THORAX_BEFORE
    head_z = thorax_z + HEAD_BEFORE + size * HEAD_SUNK
    return Beetle(
        wings=Vector(half_width, WINGS_HEIGHT, half_length),
        thorax_z=thorax_z,
        thorax_half_width=half_width * THORAX_WIDTH,
        head_z=head_z,
        head=Vector(size * HEAD_WIDTH, HEAD_HEIGHT, size),
        legs=_legs(f, half_length, half_width, thorax_z),
        antenna=_antenna(f, size, head_z),
        has_horn=f.horn > HORN_FROM,
        horn_root=Vector(0.0, 0.08, head_z + size * 0.5),
        horn_tip=Vector(0.0, 0.20, head_z + size + HORN_GROWTH * (f.horn - HORN_FROM)),
    )


def _legs(f, half_length, half_width, thorax_z):
    """The three legs of one side, front leg first."""
    spread, legs = between(SPREAD, f.leg_spread), []
    for i, angle in enumerate(LEG_ANGLES):
        z, reach = thorax_z - 0.04 - 0.36 * i * (0.6 + 0.4 * half_length), angle * spread
        knee_x = half_width * 0.9 + 0.22 + 0.10 * spread
        legs.append(
            Leg(
                root=Vector(half_width * 0.55, -0.08, z),
                knee=Vector(knee_x, 0.02, z + reach * 0.5),
                foot=Vector(knee_x + 0.16, -0.12, z + reach * 1.35),
            )
        )
    return tuple(legs)


def _antenna(f, size, head_z):
    return Leg(
        root=Vector(size * 0.8, 0.0, head_z + size * 0.5),
        knee=Vector(size + 0.18, 0.02, head_z + size + between(ANTENNA_JOINT, f.antenna)),
        foot=Vector(size + between(ANTENNA_TIP_X, f.antenna), 0.0, head_z + size + between(ANTENNA_TIP, f.antenna)),
    )


def _pattern(f):
    angle, frequency = between(PATTERN_ANGLE, f.pattern_angle), between(PATTERN_FREQUENCY, f.pattern_frequency)
    return Pattern(
        share=f.pattern,
        across=frequency * math.cos(angle),
        along=frequency * math.sin(angle),
        colour=colour.squared(colour.of_hue(between(PATTERN_HUE, f.pattern_hue), PATTERN_SATURATION, PATTERN_VALUE)),
    )


# ------------------------------------------------------------------ shape


@inner
def distance(point, beetle):
    """Distance to the beetle and its material; x sideways, y up, z to the head."""
    nearest, material = _wings(point, beetle), WINGS
    thorax = sdf.ellipsoid(
        Vector(point.x, point.y - THORAX_Y, point.z - beetle.thorax_z),
        Vector(beetle.thorax_half_width, THORAX_HEIGHT, THORAX_LENGTH),
    )
    if thorax < nearest:
        nearest, material = thorax, THORAX
    head = sdf.ellipsoid(Vector(point.x, point.y - HEAD_Y, point.z - beetle.head_z), beetle.head)
    if beetle.has_horn:
        head = min(head, sdf.capsule(point, beetle.horn_root, beetle.horn_tip, HORN_RADIUS))
    if head < nearest:
        nearest, material = head, HEAD
    sides = vector.mirrored(point)
    limb = _limb(sides, beetle.antenna, ANTENNA_RADII)
    for leg in beetle.legs:
        limb = min(limb, _limb(sides, leg, LEG_RADII))
    if limb < nearest:
        nearest, material = limb, LIMB
    return nearest, material


@inner
def _wings(point, beetle):
    """The wing cases: an ellipsoid with a seam, flat below."""
    centred = Vector(point.x, point.y, point.z - WINGS_Z)
    seam = SEAM_DEPTH * math.exp(-((point.x / SEAM_WIDTH) ** 2))
    return max(sdf.ellipsoid(centred, beetle.wings) + seam, WINGS_BELOW - point.y)


@inner
def _limb(sides, limb, radii):
    """A leg or an antenna: two pieces, the second thinner."""
    return min(sdf.capsule(sides, limb.root, limb.knee, radii[0]), sdf.capsule(sides, limb.knee, limb.foot, radii[1]))


# ------------------------------------------------------------------ colour


@inner
def _origin(scene, u, v):
    """Where the ray of (u, v) starts."""
    x, z = u * VIEW, v * VIEW + VIEW_Z
    return Vector(x * scene.cos_turn + z * scene.sin_turn, CAMERA_Y, z * scene.cos_turn - x * scene.sin_turn)


@inner
def _pixel(scene, u, v):
    """The colour seen at (u, v); all rays are parallel."""
    origin = _origin(scene, u, v)
    point, material = raymarch.march(distance, scene.beetle, origin, DOWN, MARCH)
    if material == raymarch.MISS:
        paper = Vector(origin.x, PAPER_Y, origin.z)
        light = raymarch.visibility(distance, scene.beetle, paper, scene.light, SHADOW)
        return colour.times(PAPER, PAPER_AMBIENT + PAPER_LIT * light)
    normal = raymarch.normal(distance, scene.beetle, point, raymarch.SURFACE)
    base, gloss = _surface(scene, point, material)
    light = AMBIENT + DIFFUSE * max(vector.dot(normal, scene.light), 0.0)
    highlight = max(vector.dot(normal, scene.half_way), 0.0) ** SHININESS
    return colour.plus(colour.times(base, light), colour.grey(gloss * highlight))


@inner
def _surface(scene, point, material):
    """Colour and gloss of a material at a point."""
    if material == WINGS:
        seam = SEAM_SHADE * math.exp(-((point.x / SEAM_SHADE_WIDTH) ** 2))
        return colour.times(_patterned(scene.colour, scene.pattern, abs(point.x), point.z), 1.0 - seam), scene.gloss
    if material == THORAX:
        return colour.times(scene.colour, THORAX_SHADE), scene.gloss
    if material == HEAD:
        return colour.plus(colour.times(scene.colour, HEAD_SHADE), colour.grey(HEAD_LIGHT)), scene.gloss
    return LIMB_COLOUR, LIMB_GLOSS


@inner
def _patterned(base, pattern, side, z):
    """Two waves at a right angle, the second weaker: stripes and spots."""
    wave = math.sin(side * pattern.across + z * pattern.along)
    wave += 0.55 * math.sin(0.8 * (side * pattern.along - z * pattern.across) + 1.3)
    return colour.mix(base, pattern.colour, pattern.share * min(max(wave * 2.2 + 0.1, 0.0), 1.0))


@compiled
def _trace(scene, first, supersampling, band):
    raymarch.trace(_pixel, scene, first, supersampling, band)


# ------------------------------------------------------------------ parts

PARTS = ('paper', 'wings', 'thorax', 'head', 'limbs')  # After the first, by material.


@inner
def _part(scene, u, v):
    """The part seen at (u, v)."""
    _, material = raymarch.march(distance, scene.beetle, _origin(scene, u, v), DOWN, MARCH)
    return 0 if material == raymarch.MISS else material + 1


@compiled
def _label(scene, first, band):
    raymarch.label(_part, scene, first, band)


PICTURE = Picture(scene, _trace, PARTS, _label)
