"""Cars on a road or a meadow, seen from the side, the front or the back."""

import collections
import math

from regan.worlds import colour, raymarch, sdf, vector
from regan.worlds.colour import Colour
from regan.worlds.compiled import compiled, inner
from regan.worlds.painting import Picture, between
from regan.worlds.raymarch import Camera, March, Shadow
from regan.worlds.vector import Vector

# What a factor, or the type of car, moves something between: (at 0, at 1). Lengths in units of about 2 m.
YAW = (-math.pi / 2, math.pi / 2)  # 0 is the side view.
ELEVATION = (0.06, 0.42)  # Of the camera, radians.
CAMERA_DISTANCE = (5.3, 4.1)
HALF_LENGTH = (0.95, 1.13)
SHORTER_SUV = (0.0, 0.08)  # Taken off the half length.
CLEARANCE = (0.14, 0.26)  # Under the body: sports car, SUV. So are the next lines.
BODY_HALF_HEIGHT = (0.16, 0.28)
CABIN_HALF_HEIGHT = (0.15, 0.25)
CABIN_HALF_LENGTH = (0.50, 0.72)
CABIN_CENTRE = (-0.12, -0.28)
CABIN_TAPER = (0.42, 0.16)  # Share of its length that the cabin loses up to the roof.
NOSE_DROP = (0.10, 0.0)
RAKE = (0.12, 0.0)  # How far the roof lies back.
WHEEL_RADIUS = (0.19, 0.24)
LARGER_WHEELS = (0.0, 0.03)  # Added for the SUV.
LIGHT_TURN = (-1.2, 1.2)  # Radians about the vertical.
LIGHT_HEIGHT = (0.95, 0.40)  # Day, sunset. So are the next lines.
SUNLIGHT = (Colour(1.0, 0.96, 0.90), Colour(1.0, 0.74, 0.45))
HORIZON = (Colour(0.62, 0.78, 0.94), Colour(0.92, 0.60, 0.52))
ASPHALT = (0.26, 0.62)
HILL_HEIGHT = (0.0, 0.10)
NOISE_SHIFT = {'hills': 30.0, 'coarse': 40.0, 'fine': 70.0}  # By how much `phase` moves each.

# Fixed parts.
LIGHT_FORWARD = 0.75
LOOK_AT = Vector(0.0, 0.38, 0.0)
FOCAL_LENGTH = 3.35
AXLE_PLACE = 0.60  # Share of the half length.
BODY_HALF_WIDTH, BODY_EDGE = 0.42, 0.10
CABIN_HALF_WIDTH, CABIN_EDGE, CABIN_SUNK = 0.37, 0.07, 0.05
CABIN_NARROWING = 0.18  # Share of its width that the cabin loses up to the roof.
CABIN_CAUTION = 0.75  # The taper bends space, so distances are overestimated.
LEAST_NOSE_DROP = 0.03
BLEND = 0.06
WHEEL_SIDE, WHEEL_HALF_WIDTH = 0.37, 0.07
WELL_SIDE, WELL_SIZE = 0.30, 1.18
RIM_SIZE = 0.58
WINDOW_FROM, WINDOW_TO = 0.22, 0.86  # Share of the cabin's height.
SILL_HEIGHT = 0.05

PAINT, GLASS, TYRE, RIM, HEADLIGHT, TAIL_LIGHT, SILL = range(7)
Finish = collections.namedtuple('Finish', 'colour gloss glow mirror')
FINISHES = (  # By material; the first is replaced by the paint.
    Finish(Colour(0.0, 0.0, 0.0), 0.0, 0.0, 0.0),
    Finish(Colour(0.07, 0.09, 0.11), 1.0, 0.0, 0.25),
    Finish(Colour(0.035, 0.035, 0.04), 0.0, 0.0, 0.0),
    Finish(Colour(0.62, 0.63, 0.66), 0.4, 0.0, 0.0),
    Finish(Colour(1.0, 0.97, 0.85), 1.0, 0.5, 0.0),
    Finish(Colour(0.85, 0.06, 0.05), 0.6, 0.3, 0.0),
    Finish(Colour(0.05, 0.05, 0.055), 0.0, 0.0, 0.0),
)

SKY_FADE = Colour(0.9, 0.5, 0.15)  # What the sky loses from the horizon to the zenith.
HILL_TINT, HILL_BASE = Colour(0.62, 0.68, 0.66), Colour(0.02, 0.03, 0.03)
HILL_LEAST, HILL_FREQUENCY = 0.04, 4.0
ROAD_TINT = Colour(1.0, 0.99, 0.98)
GRASS = Colour(0.22, 0.42, 0.11)
COARSE, FINE = 2.0, 9.0  # Frequencies of the ground's noise.
AMBIENT, AMBIENT_FROM_ABOVE, DIFFUSE = 0.35, 0.30, 0.85
HIGHLIGHT, SHININESS = 0.55, 24
REFLECTED, REFLECTED_SKY, SKY_SHARE = 0.15, 0.5, 0.7
GROUND_AMBIENT, GROUND_LIT = 0.42, 0.62
OPEN_HEIGHT, CONTACT_HEIGHT, CONTACT_SHARE = 0.35, 0.02, 0.45  # Darkening of the ground below the car.
SHADOW_AREA = 3.0
FOG_START, FOG_DENSITY = 5.0, 0.06

NEAR, FAR, HORIZON_AT = 2.5, 9.0, 60.0  # Distances along a ray.
NEVER, LEVEL = 1e9, -1e-4  # Where rays that point above LEVEL meet the ground.
STEPS, STEP_SHARE = 48, 0.9
SHADOW = Shadow(start=0.05, stop=2.5, steps=20, sharpness=7.0, dark=0.02)

Car = collections.namedtuple(
    'Car',
    'half_length clearance half_height middle deck nose_drop cabin_half_length '
    'cabin_half_height cabin_x cabin_y cabin_taper rake axle wheel_radius',
)
Scene = collections.namedtuple(
    'Scene',
    'camera car light sunlight horizon paint gloss asphalt grass hill_height hill_shift coarse_shift fine_shift',
)


def scene(f):
    """What the compiled code needs to draw the factors `f`."""
    return Scene(
        camera=_camera(f),
        car=_car(f),
        light=_light(f),
        sunlight=colour.mix(*SUNLIGHT, f.sunset),
        horizon=colour.mix(*HORIZON, f.sunset),
        paint=colour.squared(colour.of_hue(f.hue, f.saturation, f.value)),
        gloss=f.gloss,
        asphalt=between(ASPHALT, f.ground_shade),
        grass=f.grass,
        hill_height=between(HILL_HEIGHT, f.hills),
        hill_shift=NOISE_SHIFT['hills'] * f.phase,
        coarse_shift=NOISE_SHIFT['coarse'] * f.phase,
        fine_shift=NOISE_SHIFT['fine'] * f.phase,
    )


def _camera(f):
    """On a sphere about the car; at yaw 0 it looks along -z."""
    yaw, elevation, away = between(YAW, f.yaw), between(ELEVATION, f.elevation), between(CAMERA_DISTANCE, f.zoom)
    cos_yaw, sin_yaw, cos_up, sin_up = math.cos(yaw), math.sin(yaw), math.cos(elevation), math.sin(elevation)
    ahead = Vector(-sin_yaw * cos_up, -sin_up, -cos_yaw * cos_up)
    return Camera(
        origin=vector.minus(LOOK_AT, vector.times(ahead, away)),
        right=Vector(cos_yaw, 0.0, -sin_yaw),
        up=Vector(-sin_yaw * sin_up, cos_up, -cos_yaw * sin_up),
        forward=vector.times(ahead, FOCAL_LENGTH),
    )


def _light(f):
    turn = between(LIGHT_TURN, f.light)
    return vector.unit(Vector(math.sin(turn), between(LIGHT_HEIGHT, f.sunset), LIGHT_FORWARD * math.cos(turn)))


def _car(f):
    half_length = between(HALF_LENGTH, f.length) - between(SHORTER_SUV, f.type)
    clearance, half_height = between(CLEARANCE, f.type), between(BODY_HALF_HEIGHT, f.type)
    middle, cabin_half_height = clearance + half_height, between(CABIN_HALF_HEIGHT, f.type)
    deck = middle + half_height
    return Car(
        half_length=half_length,
        clearance=clearance,
        half_height=half_height,
        middle=middle,
        deck=deck,
        nose_drop=between(NOSE_DROP, f.type),
        cabin_half_length=between(CABIN_HALF_LENGTH, f.type),
        cabin_half_height=cabin_half_height,
        cabin_x=between(CABIN_CENTRE, f.type),
        cabin_y=deck + cabin_half_height - CABIN_SUNK,
        cabin_taper=between(CABIN_TAPER, f.type),
        rake=between(RAKE, f.type),
        axle=half_length * AXLE_PLACE,
        wheel_radius=between(WHEEL_RADIUS, f.wheel) + between(LARGER_WHEELS, f.type),
    )


# ------------------------------------------------------------------ shape


@inner
def distance(point, car):
    """Distance to the car and its material; x forward, y up from the ground, z sideways."""
    height = (point.y - car.deck) / (2.0 * car.cabin_half_height)  # 0 at the deck, 1 at the roof.
    body, cabin = _body(point, car), _cabin(point, height, car)
    nearest = sdf.smooth_union(body, cabin, BLEND)
    material = GLASS if cabin < body and WINDOW_FROM < height < WINDOW_TO else PAINT
    side = abs(point.z)
    for axle in (car.axle, -car.axle):
        x, y = point.x - axle, point.y - car.wheel_radius
        radius = math.sqrt(x * x + y * y)
        well = max(radius - car.wheel_radius * WELL_SIZE, WELL_SIDE - side)
        wheel = max(radius - car.wheel_radius, abs(side - WHEEL_SIDE) - WHEEL_HALF_WIDTH)
        nearest = max(nearest, -well)
        if wheel < nearest:
            nearest = wheel
            material = RIM if radius < car.wheel_radius * RIM_SIZE else TYRE
    if material == PAINT:
        material = _detail(point, side, car)
    return nearest, material


@inner
def _body(point, car):
    """The lower body; its top falls towards the nose."""
    drop = car.nose_drop * max(point.x / car.half_length, 0.0) ** 2 + LEAST_NOSE_DROP
    return sdf.rounded_box(
        Vector(point.x, point.y - car.middle + drop * 0.5, point.z),
        Vector(car.half_length, car.half_height - drop * 0.5, BODY_HALF_WIDTH),
        BODY_EDGE,
    )


@inner
def _cabin(point, height, car):
    """A box that gets shorter and narrower with height."""
    above = max(height, 0.0)
    x = (point.x - car.cabin_x + car.rake * height) / (1.0 - car.cabin_taper * above)
    z = point.z / (1.0 - CABIN_NARROWING * above)
    return CABIN_CAUTION * sdf.rounded_box(
        Vector(x, point.y - car.cabin_y, z),
        Vector(car.cabin_half_length, car.cabin_half_height, CABIN_HALF_WIDTH),
        CABIN_EDGE,
    )


@inner
def _detail(point, side, car):
    """The material of the painted body at a point: lights at the ends, the sill below."""
    height = point.y - car.middle
    if point.x > car.half_length - 0.09 and abs(side - 0.30) < 0.09 and abs(height - car.half_height * 0.15) < 0.055:
        return HEADLIGHT
    if point.x < -car.half_length + 0.06 and abs(side - 0.31) < 0.09 and abs(height - car.half_height * 0.2) < 0.06:
        return TAIL_LIGHT
    if point.y < car.clearance + SILL_HEIGHT:
        return SILL
    return PAINT


# ------------------------------------------------------------------ colour


@inner
def _pixel(scene, u, v):
    """The colour seen through (u, v)."""
    heading = raymarch.direction(scene.camera, u, v)
    origin, above = scene.camera.origin, max(heading.y, 0.0)
    sky = Colour(
        scene.horizon.r - SKY_FADE.r * above, scene.horizon.g - SKY_FADE.g * above, scene.horizon.b - SKY_FADE.b * above
    )
    ground_at = -origin.y / heading.y if heading.y < LEVEL else NEVER
    point, material = raymarch.march(
        distance, scene.car, origin, heading, March(NEAR, min(ground_at, FAR), STEPS, STEP_SHARE)
    )
    if material != raymarch.MISS:
        return _surface(scene, point, material, heading, sky)
    if ground_at < HORIZON_AT:
        fog = 1.0 - math.exp(-max(ground_at - FOG_START, 0.0) * FOG_DENSITY)
        return colour.mix(_ground(scene, raymarch.along(origin, heading, ground_at)), sky, fog)
    return _backdrop(scene, heading, sky)


@inner
def _surface(scene, point, material, heading, sky):
    """The car: diffuse light and, by gloss, the highlight and the sky reflected."""
    finish = FINISHES[material]
    base, gloss = finish.colour, finish.gloss
    if material == PAINT:
        base, gloss = scene.paint, scene.gloss
    normal = raymarch.normal(distance, scene.car, point, raymarch.SURFACE)
    mirrored = vector.reflected(heading, normal)
    light = AMBIENT + AMBIENT_FROM_ABOVE * normal.y + finish.glow + DIFFUSE * max(vector.dot(normal, scene.light), 0.0)
    highlight = HIGHLIGHT * max(vector.dot(mirrored, scene.light), 0.0) ** SHININESS
    fresnel = (1.0 + vector.dot(heading, normal)) ** 3 + finish.mirror
    sky_share = SKY_SHARE * fresnel * (REFLECTED + REFLECTED_SKY * max(mirrored.y, 0.0))
    shine = colour.times(colour.plus(colour.grey(highlight), colour.times(sky, sky_share)), gloss)
    return colour.plus(colour.product(colour.times(base, light), scene.sunlight), shine)


@inner
def _ground(scene, point):
    """Road or meadow with the car's shadow."""
    coarse = colour.noise(point.x * COARSE + scene.coarse_shift, point.z * COARSE)
    fine = colour.noise(point.x * FINE, point.z * FINE + scene.fine_shift)
    road = colour.times(ROAD_TINT, scene.asphalt * (0.92 + 0.12 * coarse))
    grass = colour.product(GRASS, Colour(0.75 + 0.5 * fine, 0.72 + 0.4 * coarse + 0.25 * fine, 0.8 + 0.3 * fine))
    light = GROUND_AMBIENT + GROUND_LIT * _ground_light(scene, point)
    return colour.product(colour.times(colour.mix(road, grass, scene.grass), light), scene.sunlight)


@inner
def _ground_light(scene, point):
    """Share of the sun that reaches the ground: the car's shadow, and darkness right under it."""
    light = 1.0
    if abs(point.x) < SHADOW_AREA and abs(point.z) < SHADOW_AREA:
        light = raymarch.visibility(distance, scene.car, Vector(point.x, 0.0, point.z), scene.light, SHADOW)
        room, _ = distance(Vector(point.x, CONTACT_HEIGHT, point.z), scene.car)
        light *= 1.0 - CONTACT_SHARE + CONTACT_SHARE * min(max(room, 0.0) / OPEN_HEIGHT, 1.0)
    return light


@inner
def _backdrop(scene, heading, sky):
    """Sky, and hills before it."""
    if _is_hill(scene, heading):
        return colour.plus(colour.product(sky, HILL_TINT), HILL_BASE)
    return sky


@inner
def _is_hill(scene, heading):
    """Whether a ray that meets nothing nearer ends at the hills."""
    ridge = colour.noise(math.atan2(heading.x, heading.z) * HILL_FREQUENCY + scene.hill_shift, 0.5)
    return heading.y < HILL_LEAST + scene.hill_height * ridge


@compiled
def _trace(scene, first, supersampling, band):
    raymarch.trace(_pixel, scene, first, supersampling, band)


# ------------------------------------------------------------------ parts

PARTS = ('sky', 'hills', 'ground', 'body', 'glass', 'wheels', 'lights')
_OF_MATERIAL = (3, 4, 5, 5, 6, 6, 3)  # Indices of PARTS, by material: the sill belongs to the body.


@inner
def _part(scene, u, v):
    """The part seen through (u, v)."""
    heading, origin = raymarch.direction(scene.camera, u, v), scene.camera.origin
    ground_at = -origin.y / heading.y if heading.y < LEVEL else NEVER
    march = March(NEAR, min(ground_at, FAR), STEPS, STEP_SHARE)
    _, material = raymarch.march(distance, scene.car, origin, heading, march)
    if material != raymarch.MISS:
        return _OF_MATERIAL[material]
    if ground_at < HORIZON_AT:
        return 2
    return 1 if _is_hill(scene, heading) else 0


@compiled
def _label(scene, first, band):
    raymarch.label(_part, scene, first, band)


PICTURE = Picture(scene, _trace, PARTS, _label)
