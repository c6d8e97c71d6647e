"""Heads before a plain wall."""

import collections
import math

from regan.worlds import colour, raymarch, sdf, vector
from regan.worlds.colour import Colour
from regan.worlds.compiled import compiled, inner
from regan.worlds.painting import Picture, between
from regan.worlds.raymarch import Camera, March
from regan.worlds.vector import Vector

# What a factor moves something between: (at 0, at 1). The skull is about 1.2 wide.
YAW, PITCH = (-0.75, 0.75), (-0.275, 0.275)  # Radians.
CAMERA_DISTANCE = (4.3, 3.6)
LIGHT_TURN = (-1.3, 1.3)  # Radians about the vertical.
SKIN = (Colour(0.96, 0.78, 0.66), Colour(0.44, 0.28, 0.18))
EYELID = (Colour(0.88, 0.68, 0.57), Colour(0.38, 0.22, 0.13))
HAIR_HUE, HAIR_VALUE = (0.02, 0.12), (0.10, 0.82)
HAIR_SATURATION, GREYING = 0.72, 0.55  # Age takes away up to GREYING.
WALL_SATURATION, WALL_VALUE = 0.35, (0.30, 0.90)
CLOTHES_SATURATION, CLOTHES_VALUE = 0.5, (0.28, 0.63)
CLOTHES_HUE = 0.45  # Away from the wall's.
JAW_HALF_WIDTH = (0.42, 0.4788)  # By gender, as are the next lines.
NOSE_HALF_WIDTH, NOSE_TIP_HALF_WIDTH = (0.085, 0.105), (0.10, 0.12)
NECK_RADIUS, SHOULDERS = (0.27, 0.32), (1.0, 1.1)
LIP_REDNESS, LIP_HALF_HEIGHT = (0.90, 0.35), (0.047, 0.035)
BROW_HALF_HEIGHT = (0.014, 0.030)
LOCK_Y, LOCK_HALF_HEIGHT, LOCK_GAP = (-0.02, -0.47), (0.25, 0.77), (0.10, 0.0)  # By the length of the hair, too:
BACK_Y, BACK_HALF_HEIGHT = (0.0, -0.42), (0.30, 0.78)
MOUTH_HALF_WIDTH, MOUTH_Y = (0.16, 0.24), (-0.36, -0.38)  # By the smile, as are the next lines:
MOUTH_CURVE, MOUTH_OPENING = (-0.45, 1.05), (0.0, 0.055)
EYELID_EDGE = (0.02, 0.075)  # Height over the middle of the eye.

# Fixed parts: centre, semi-axes or half sizes.
FOCAL_LENGTH, CAMERA_Y = 3.55, -0.10
LIGHT_HEIGHT, LIGHT_FORWARD = 0.55, 0.25
SKULL_AT, SKULL = Vector(0.0, 0.16, 0.0), Vector(0.56, 0.66, 0.62)
JAW_AT, JAW_HEIGHT, JAW_DEPTH = Vector(0.0, -0.26, 0.06), 0.46, 0.46
NOSE_AT, NOSE_HEIGHT, NOSE_DEPTH = Vector(0.0, -0.05, 0.60), 0.17, 0.13
TIP_AT, TIP_HEIGHT, TIP_DEPTH = Vector(0.0, -0.14, 0.66), 0.075, 0.09
SOCKET_AT, SOCKET, SOCKET_SOFTNESS = Vector(0.21, 0.10, 0.60), Vector(0.13, 0.09, 0.10), 0.03
EAR_AT, EAR = Vector(0.57, 0.02, -0.02), Vector(0.06, 0.16, 0.11)
NECK_Z, NECK_TOP = -0.05, -0.3
TORSO_AT, TORSO_HEIGHT, TORSO_DEPTH = Vector(0.0, -1.45, -0.08), 0.62, 0.50
EYE_AT, EYE_RADIUS = Vector(0.21, 0.10, 0.47), 0.105
IRIS_RADIUS, PUPIL_RADIUS, LOWER_EYELID = 0.052, 0.024, -0.075
HAIR_AT, HAIR = Vector(0.0, 0.27, -0.08), Vector(0.64, 0.66, 0.68)
FRINGE_Y, FRINGE_WAVE, FRINGE_FREQUENCY, FRINGE_Z = 0.50, 0.09, 6.0, 0.12
LOCK_X, LOCK_Z, LOCK_HALF_WIDTH, LOCK_HALF_DEPTH = 0.50, -0.16, 0.15, 0.30
BACK_Z, BACK_HALF_WIDTH, BACK_HALF_DEPTH = -0.42, 0.50, 0.18
HAIR_EDGE = 0.14
LENS_AT, LENS_RADIUS, LENS_HEIGHT = (0.215, 0.09), 0.165, 1.25  # LENS_HEIGHT flattens the circle.
FRAME_Z, FRAME_BEND, FRAME_RADIUS = 0.665, 0.10, 0.022
BRIDGE_AT, BRIDGE = Vector(0.0, 0.12, 0.68), Vector(0.07, 0.016, 0.016)
TEMPLE_AT, TEMPLE, TEMPLE_EDGE = Vector(0.51, 0.12, 0.30), Vector(0.015, 0.02, 0.34), 0.01

SKIN_PART, EYE_PART, HAIR_PART, GLASSES_PART, CLOTHES_PART = range(5)
AMBIENT, AMBIENT_FROM_ABOVE, DIFFUSE, SHININESS = 0.38, 0.12, 0.72, 16
SKIN_GLOSS, EYE_GLOSS, EYELID_GLOSS, HAIR_GLOSS, GLASSES_GLOSS, CLOTHES_GLOSS = 0.14, 0.5, 0.1, 0.18, 0.5, 0.05
TEETH, LIPS = Colour(0.96, 0.95, 0.92), Colour(0.70, 0.20, 0.22)
EYE_WHITE, IRIS, PUPIL = Colour(0.94, 0.94, 0.93), Colour(0.22, 0.16, 0.10), Colour(0.02, 0.02, 0.02)
GLASSES = Colour(0.06, 0.05, 0.05)
STRANDS, STRAND_DEPTH, CROWN_Y = 40.0, 0.18, -0.3
FACE_Z = 0.2  # Skin before this plane can have a mouth, brows, ...
TEETH_FROM, OLD_FROM = 0.45, 0.35  # Smile and age from which they show.

NEAR, BEYOND = 1.6, 2.0  # Rays start and end so far before and behind the head's middle.
STEPS, STEP_SHARE, NORMAL_SIZE = 56, 0.8, 0.005

Head = collections.namedtuple(
    'Head',
    'jaw_half_width nose_half_width tip_half_width neck_radius shoulders lock_y '
    'lock_half_height lock_gap back_y back_half_height glasses',
)
Face = collections.namedtuple(
    'Face',
    'skin eyelid hair clothes smile mouth_half_width mouth_y mouth_curve '
    'mouth_opening lip_half_height lip_redness brow_half_height age beard eyelid_edge',
)
Scene = collections.namedtuple('Scene', 'camera march head face light wall')


def scene(f):
    """What the compiled code needs to draw the factors `f`. Space turns with the head; the camera moves about it."""
    yaw, pitch, away = between(YAW, f.yaw), between(PITCH, f.pitch), between(CAMERA_DISTANCE, f.zoom)
    camera = [
        Vector(0.0, CAMERA_Y, away),
        Vector(1.0, 0.0, 0.0),
        Vector(0.0, 1.0, 0.0),
        Vector(0.0, 0.0, -FOCAL_LENGTH),
    ]
    turn = between(LIGHT_TURN, f.light)
    light = vector.unit(Vector(math.sin(turn), LIGHT_HEIGHT, math.cos(turn) + LIGHT_FORWARD))
    return Scene(
        camera=Camera(*[vector.rotated(part, yaw, pitch) for part in camera]),
        march=March(away - NEAR, away + BEYOND, STEPS, STEP_SHARE),
        head=_head(f),
        face=_face(f),
        light=vector.rotated(light, yaw, pitch),
        wall=colour.of_hue(f.bg_hue, WALL_SATURATION, between(WALL_VALUE, f.bg_value)),
    )


def _head(f):
    return Head(
        jaw_half_width=between(JAW_HALF_WIDTH, f.gender),
        nose_half_width=between(NOSE_HALF_WIDTH, f.gender),
        tip_half_width=between(NOSE_TIP_HALF_WIDTH, f.gender),
        neck_radius=between(NECK_RADIUS, f.gender),
        shoulders=between(SHOULDERS, f.gender),
        lock_y=between(LOCK_Y, f.hair_length),
        lock_half_height=between(LOCK_HALF_HEIGHT, f.hair_length),
        lock_gap=between(LOCK_GAP, f.hair_length),
        back_y=between(BACK_Y, f.hair_length),
        back_half_height=between(BACK_HALF_HEIGHT, f.hair_length),
        glasses=f.glasses > 0.5,
    )


def _face(f):
    hair = colour.of_hue(
        between(HAIR_HUE, f.hair_hue), HAIR_SATURATION - GREYING * f.age * f.age, between(HAIR_VALUE, f.hair_value)
    )
    clothes = colour.of_hue(f.bg_hue + CLOTHES_HUE, CLOTHES_SATURATION, between(CLOTHES_VALUE, f.hair_hue))
    return Face(
        skin=colour.mix(*SKIN, f.skin),
        eyelid=colour.mix(*EYELID, f.skin),
        hair=hair,
        clothes=clothes,
        smile=f.smile,
        mouth_half_width=between(MOUTH_HALF_WIDTH, f.smile),
        mouth_y=between(MOUTH_Y, f.smile),
        mouth_curve=between(MOUTH_CURVE, f.smile),
        mouth_opening=between(MOUTH_OPENING, f.smile),
        lip_half_height=between(LIP_HALF_HEIGHT, f.gender),
        lip_redness=between(LIP_REDNESS, f.gender),
        brow_half_height=between(BROW_HALF_HEIGHT, f.gender),
        age=f.age,
        beard=f.beard if f.gender > 0.5 else 0.0,
        eyelid_edge=between(EYELID_EDGE, f.eye_open),
    )


# ------------------------------------------------------------------ shape


@inner
def distance(point, head):
    """Distance to the head and its material; x to its left, y up, z to where it looks."""
    sides = vector.mirrored(point)
    nearest, material = _skin(point, sides, head), SKIN_PART
    torso = sdf.ellipsoid(vector.minus(point, TORSO_AT), Vector(head.shoulders, TORSO_HEIGHT, TORSO_DEPTH))
    if torso < nearest:
        nearest, material = torso, CLOTHES_PART
    eye = sdf.sphere(vector.minus(sides, EYE_AT), EYE_RADIUS)
    if eye < nearest:
        nearest, material = eye, EYE_PART
    hair = _hair(point, sides, head)
    if hair < nearest:
        nearest, material = hair, HAIR_PART
    if head.glasses:
        glasses = _glasses(point, sides)
        if glasses < nearest:
            nearest, material = glasses, GLASSES_PART
    return nearest, material


@inner
def _skin(point, sides, head):
    """Skull, jaw, nose, ears and neck in one piece, with hollows for the eyes."""
    skull = sdf.ellipsoid(vector.minus(point, SKULL_AT), SKULL)
    jaw = sdf.ellipsoid(vector.minus(point, JAW_AT), Vector(head.jaw_half_width, JAW_HEIGHT, JAW_DEPTH))
    ridge = sdf.ellipsoid(vector.minus(point, NOSE_AT), Vector(head.nose_half_width, NOSE_HEIGHT, NOSE_DEPTH))
    tip = sdf.ellipsoid(vector.minus(point, TIP_AT), Vector(head.tip_half_width, TIP_HEIGHT, TIP_DEPTH))
    skin = sdf.smooth_union(sdf.smooth_union(skull, jaw, 0.22), sdf.smooth_union(ridge, tip, 0.06), 0.08)
    skin = max(skin, SOCKET_SOFTNESS - sdf.ellipsoid(vector.minus(sides, SOCKET_AT), SOCKET))
    skin = sdf.smooth_union(skin, sdf.ellipsoid(vector.minus(sides, EAR_AT), EAR), 0.04)
    z = point.z - NECK_Z
    neck = max(math.sqrt(point.x * point.x + z * z) - head.neck_radius, point.y - NECK_TOP)
    return sdf.smooth_union(skin, neck, 0.08)


@inner
def _hair(point, sides, head):
    """A cap that is cut above the face, two locks at its sides and one behind."""
    cap = sdf.ellipsoid(vector.minus(point, HAIR_AT), HAIR)
    face = min(FRINGE_Y + FRINGE_WAVE * math.cos(point.x * FRINGE_FREQUENCY) - point.y, point.z - FRINGE_Z)
    locks = head.lock_gap + sdf.rounded_box(
        Vector(sides.x - LOCK_X, point.y - head.lock_y, point.z - LOCK_Z),
        Vector(LOCK_HALF_WIDTH, head.lock_half_height, LOCK_HALF_DEPTH),
        HAIR_EDGE,
    )
    back = sdf.rounded_box(
        Vector(point.x, point.y - head.back_y, point.z - BACK_Z),
        Vector(BACK_HALF_WIDTH, head.back_half_height, BACK_HALF_DEPTH),
        HAIR_EDGE,
    )
    return sdf.smooth_union(max(cap, face), sdf.smooth_union(locks, back, 0.1), 0.12)


@inner
def _glasses(point, sides):
    """Two rings, the bridge between them and the temples."""
    x, y = sides.x - LENS_AT[0], point.y - LENS_AT[1]
    across = math.sqrt(x * x + y * y * LENS_HEIGHT) - LENS_RADIUS
    before = point.z - FRAME_Z + FRAME_BEND * sides.x
    ring = math.sqrt(across * across + before * before) - FRAME_RADIUS
    bridge = sdf.rounded_box(vector.minus(point, BRIDGE_AT), BRIDGE, TEMPLE_EDGE)
    temple = sdf.rounded_box(vector.minus(sides, TEMPLE_AT), TEMPLE, TEMPLE_EDGE)
    return min(ring, min(bridge, temple))


# ------------------------------------------------------------------ colour


@inner
def _pixel(scene, u, v):
    """The colour seen through (u, v)."""
    heading = raymarch.direction(scene.camera, u, v)
    point, material = raymarch.march(distance, scene.head, scene.camera.origin, heading, scene.march)
    if material == raymarch.MISS:
        return colour.times(scene.wall, 0.85 + 0.15 * v)
    normal = raymarch.normal(distance, scene.head, point, NORMAL_SIZE)
    base, gloss = _surface(scene.face, point, material)
    light = AMBIENT + AMBIENT_FROM_ABOVE * normal.y + DIFFUSE * max(vector.dot(normal, scene.light), 0.0)
    highlight = max(vector.dot(vector.reflected(heading, normal), scene.light), 0.0) ** SHININESS
    return colour.plus(colour.times(base, light), colour.grey(gloss * highlight))


@inner
def _surface(face, point, material):
    """Colour and gloss of a material at a point."""
    if material == SKIN_PART:
        return (_skin_colour(face, point) if point.z > FACE_Z else face.skin), SKIN_GLOSS
    if material == EYE_PART:
        return _eye(face, point)
    if material == HAIR_PART:
        strand = 1.0 - STRAND_DEPTH + STRAND_DEPTH * math.sin(math.atan2(point.x, point.y - CROWN_Y) * STRANDS)
        return colour.times(face.hair, strand), HAIR_GLOSS
    if material == GLASSES_PART:
        return GLASSES, GLASSES_GLOSS
    return face.clothes, CLOTHES_GLOSS


@inner
def _eye(face, point):
    """The eyeball: white, iris, pupil, and what the lids cover."""
    x, y = abs(point.x) - EYE_AT.x, point.y - EYE_AT.y
    if y > face.eyelid_edge or y < LOWER_EYELID:
        return face.eyelid, EYELID_GLOSS
    radius = math.sqrt(x * x + y * y)
    if radius < PUPIL_RADIUS:
        return PUPIL, EYE_GLOSS
    if radius < IRIS_RADIUS:
        return IRIS, EYE_GLOSS
    return EYE_WHITE, EYE_GLOSS


@inner
def _skin_colour(face, point):
    """The front of the skin with mouth, brows, wrinkles and beard, one over the other."""
    side = abs(point.x)
    mouth_y = point.y - face.mouth_y - face.mouth_curve * point.x * point.x  # Above the line of the mouth.
    skin = _mouth(face, point.x, mouth_y, face.skin)
    across = side - 0.21
    brow_y = 0.275 - 0.03 * across + 0.10 * (0.02 - across * across)
    if abs(across) < 0.135 and abs(point.y - brow_y) < face.brow_half_height:
        skin = colour.times(face.hair, 0.7)
    if face.age > OLD_FROM:
        skin = _wrinkles(face.age - OLD_FROM, side, point.y, skin)
    if face.beard > 0.0 and point.y < -0.20 + 0.9 * max(side - 0.22, 0.0) and abs(mouth_y) > face.lip_half_height * 1.3:
        skin = colour.mix(skin, face.hair, max(0.75 * face.beard * min((-point.y - 0.12) * 6.0, 1.0), 0.0))
    return skin


@inner
def _mouth(face, x, y, skin):
    """Lips, and teeth between them; x from the middle, y from the line of the mouth."""
    if abs(x) >= face.mouth_half_width:
        return skin
    fullness = 1.0 - (x / face.mouth_half_width) ** 2  # 1 in the middle, 0 at the corners.
    if abs(y) >= face.lip_half_height * (0.35 + 0.65 * fullness) + face.mouth_opening * fullness:
        return skin
    if face.smile > TEETH_FROM and abs(y) < (face.smile - 0.40) * 0.085 * fullness:
        return TEETH
    return colour.mix(skin, LIPS, face.lip_redness)


@inner
def _wrinkles(age, side, y, skin):
    """Lines on the forehead and folds at the sides of the nose."""
    if side < 0.30 and 0.36 < y < 0.60:
        skin = colour.times(skin, 1.0 - 0.30 * age * (0.5 + 0.5 * math.sin(y * 78.0)))
    if -0.42 < y < -0.15 and abs(side - 0.20 - 0.35 * max(-y - 0.15, 0.0)) < 0.02:
        skin = colour.times(skin, 1.0 - 0.5 * age)
    return skin


@compiled
def _trace(scene, first, supersampling, band):
    raymarch.trace(_pixel, scene, first, supersampling, band)


# ------------------------------------------------------------------ parts

PARTS = ('background', 'skin', 'eyes', 'hair', 'glasses', 'torso')  # After the first, by material.


@inner
def _part(scene, u, v):
    """The part seen through (u, v)."""
    heading = raymarch.direction(scene.camera, u, v)
    _, material = raymarch.march(distance, scene.head, scene.camera.origin, heading, scene.march)
    return 0 if material == raymarch.MISS else material + 1


@compiled
def _label(scene, first, band):
    raymarch.label(_part, scene, first, band)


PICTURE = Picture(scene, _trace, PARTS, _label)
