"""A pose as a vector of named numbers, so that poses can be mixed, and the key poses dances are made of.

Angles are in degrees, lengths in leg lengths. Feet are targets for inverse kinematics: with `anchored` 1 they stand on
the floor (x outwards, y up, z forward of the dancer's place), with 0 they hang from the pelvis (the same axes,
y 0 being a straight leg).
"""

from __future__ import annotations

import numpy as np

_SHARED = [
    "pelvis_x",
    "pelvis_height",
    "pelvis_z",
    "pelvis_pitch",
    "pelvis_roll",
    "pelvis_twist",
    "spine_bend",
    "spine_side",
    "spine_twist",
    "head_bend",
    "head_side",
    "head_turn",
    "anchored",
]
_PAIRED = ["arm_abduct", "arm_flex", "arm_twist", "elbow", "foot_x", "foot_y", "foot_z", "foot_point", "foot_turn"]
NAMES = [*_SHARED, *(f"{name}_{side}" for side in "lr" for name in _PAIRED)]
INDEX = {name: index for index, name in enumerate(NAMES)}

_LATERAL = ["pelvis_x", "pelvis_roll", "pelvis_twist", "spine_side", "spine_twist", "head_side", "head_turn"]
_MIRROR_ORDER = [INDEX[name[:-2] + {"_l": "_r", "_r": "_l"}.get(name[-2:], name[-2:])] for name in NAMES]
_MIRROR_SIGN = np.array([-1.0 if name in _LATERAL else 1.0 for name in NAMES])

_REST = {
    "pelvis_height": 0.97,
    "anchored": 1,
    "arm_abduct": 9,
    "arm_flex": 2,
    "elbow": 14,
    "foot_x": 0.13,
    "foot_turn": 12,
}


def pose(**values: float) -> np.ndarray:
    """The rest pose with some values changed; a name without its side (`elbow`) sets both sides."""
    vector = np.zeros(len(NAMES))
    for name, value in {**_REST, **values}.items():
        for entry in (name,) if name in INDEX else (f"{name}_l", f"{name}_r"):
            vector[INDEX[entry]] = value
    return vector


def mirrored(vector: np.ndarray) -> np.ndarray:
    """The pose as seen in a mirror, (P,) to (P,)."""
    return vector[_MIRROR_ORDER] * _MIRROR_SIGN


REST = pose()

STANDING = {
    "rest": REST,
    "arms up": pose(arm_abduct=155, elbow=15, head_bend=-8, foot_x=0.2),
    "arms wide": pose(arm_abduct=88, elbow=8, foot_x=0.25),
    "hands on hips": pose(arm_abduct=48, arm_flex=-18, arm_twist=-55, elbow=95, foot_x=0.2, pelvis_roll=4),
    "point up": pose(
        arm_abduct_r=160, elbow_r=5, arm_abduct_l=30, elbow_l=60, spine_side=8, pelvis_x=0.08, foot_x=0.24
    ),
    "diagonal": pose(arm_abduct_r=135, arm_abduct_l=48, elbow=5, spine_side=10, foot_x_l=0.4, foot_x_r=0.15),
    "lunge": pose(
        pelvis_height=0.78,
        pelvis_x=0.2,
        foot_x_l=0.5,
        foot_x_r=0.5,
        foot_turn_l=40,
        arm_abduct_l=95,
        arm_abduct_r=60,
        elbow_r=70,
        spine_side=6,
        head_turn=25,
    ),
    "stride": pose(
        pelvis_height=0.85, foot_z_l=0.45, foot_z_r=-0.4, foot_point_r=35, arm_flex_r=70, arm_flex_l=-40, elbow=35
    ),
    "crouch": pose(
        pelvis_height=0.5, spine_bend=35, pelvis_pitch=20, foot_x=0.22, foot_point=20, arm_flex=50, elbow=50
    ),
    "kick": pose(anchored=1, foot_y_l=0.62, foot_z_l=0.75, foot_point_l=55, pelvis_pitch=-12, arm_abduct=70, elbow=20),
    "side kick": pose(foot_x_l=0.95, foot_y_l=0.6, foot_point_l=50, pelvis_roll=20, spine_side=8, arm_abduct=80),
    "knee up": pose(foot_y_l=0.48, foot_z_l=0.2, foot_point_l=50, arm_abduct_r=120, elbow_r=40, arm_abduct_l=40),
    "arms front": pose(arm_flex=85, elbow=10, arm_abduct=8, spine_bend=5, pelvis_height=0.93),
    "bow": pose(pelvis_pitch=40, spine_bend=40, pelvis_z=-0.15, arm_abduct=20, arm_flex=40, head_bend=20),
    "lean back": pose(pelvis_pitch=-10, spine_bend=-28, pelvis_z=0.12, arm_abduct=120, arm_flex=-10, head_bend=-15),
    "cactus": pose(pelvis_height=0.8, foot_x=0.36, foot_turn=35, arm_abduct=85, arm_twist=80, elbow=90),
    "across": pose(
        arm_flex_r=70, arm_abduct_r=-10, elbow_r=95, arm_abduct_l=80, elbow_l=15, spine_twist=25, foot_x=0.22
    ),
    "sway": pose(
        pelvis_x=0.1,
        pelvis_roll=-8,
        spine_side=-12,
        arm_abduct_l=60,
        elbow_l=80,
        arm_abduct_r=35,
        elbow_r=30,
        foot_x=0.25,
        foot_point_r=25,
    ),
    "hand to head": pose(
        arm_abduct_l=115,
        elbow_l=130,
        arm_twist_l=75,
        arm_abduct_r=30,
        elbow_r=50,
        head_side=10,
        pelvis_x=-0.08,
        foot_x=0.2,
    ),
    "punch": pose(
        arm_flex_l=85,
        elbow_l=5,
        arm_flex_r=20,
        elbow_r=120,
        spine_twist=-25,
        foot_z_r=-0.2,
        foot_z_l=0.2,
        pelvis_height=0.9,
    ),
    "flow": pose(
        arm_abduct_l=120,
        elbow_l=40,
        arm_abduct_r=75,
        elbow_r=35,
        arm_twist_r=60,
        spine_side=-14,
        head_side=-10,
        pelvis_x=0.06,
        foot_x=0.28,
        foot_point_l=20,
    ),
    "wide squat": pose(
        pelvis_height=0.66, foot_x=0.48, foot_turn=45, arm_abduct=35, arm_flex=35, elbow=75, spine_bend=12
    ),
}

HIDING = pose(
    pelvis_height=0.82, spine_bend=16, pelvis_pitch=10, head_bend=6, arm_abduct=1, elbow=22, foot_x=0.09, foot_turn=5
)

FLOOR = {
    "kneel": pose(
        anchored=0,
        pelvis_height=0.5,
        foot_y=0.5,
        foot_z=-0.5,
        foot_x=0.1,
        foot_point=60,
        arm_abduct=130,
        elbow=30,
        spine_bend=-8,
    ),
    "sit": pose(
        anchored=0,
        pelvis_height=0.15,
        pelvis_pitch=-20,
        foot_y=0.75,
        foot_z=0.85,
        foot_x=0.2,
        arm_flex=-45,
        arm_abduct=25,
        elbow=5,
    ),
    "lie": pose(
        anchored=0,
        pelvis_height=0.1,
        pelvis_pitch=-84,
        foot_y=0.05,
        foot_z=0.05,
        foot_x=0.2,
        foot_point=30,
        arm_abduct=70,
        elbow=15,
    ),
    "prone": pose(
        anchored=0,
        pelvis_height=0.1,
        pelvis_pitch=80,
        foot_y=0.03,
        foot_z=-0.05,
        foot_x=0.16,
        foot_point=60,
        arm_abduct=60,
        elbow=70,
        spine_bend=-18,
        head_bend=-25,
    ),
    "handstand": pose(
        anchored=0,
        pelvis_height=1.4,
        pelvis_pitch=176,
        foot_y=0.02,
        foot_x=0.22,
        foot_point=60,
        arm_abduct=172,
        elbow=3,
        head_bend=-25,
    ),
    "stag handstand": pose(
        anchored=0,
        pelvis_height=1.4,
        pelvis_pitch=172,
        foot_y_l=0.4,
        foot_z_l=0.35,
        foot_y_r=0.2,
        foot_z_r=-0.5,
        foot_point=55,
        arm_abduct=168,
        elbow=5,
        head_bend=-25,
    ),
}

GROUND = {
    "all fours": pose(
        anchored=0,
        pelvis_height=0.5,
        pelvis_pitch=98,
        foot_y=0.5,
        foot_z=0.5,
        foot_x=0.14,
        foot_point=60,
        arm_flex=80,
        arm_abduct=10,
        elbow=20,
        head_bend=-30,
    ),
    "half kneel": pose(
        anchored=0,
        pelvis_height=0.5,
        foot_y_l=0.45,
        foot_z_l=0.42,
        foot_x_l=0.15,
        foot_y_r=0.5,
        foot_z_r=-0.5,
        foot_x_r=0.1,
        foot_point_r=60,
        arm_abduct_l=60,
        arm_flex_r=80,
        elbow=25,
        spine_twist=20,
    ),
    "side sit": pose(
        anchored=0,
        pelvis_height=0.12,
        pelvis_roll=-14,
        foot_y=0.75,
        foot_z_l=0.3,
        foot_x_l=0.7,
        foot_z_r=0.55,
        foot_x_r=0.05,
        arm_abduct_r=55,
        arm_abduct_l=110,
        elbow_l=35,
        spine_side=14,
    ),
    "straddle": pose(
        anchored=0,
        pelvis_height=0.1,
        foot_y=0.95,
        foot_z=0.45,
        foot_x=0.85,
        foot_point=45,
        arm_flex=70,
        arm_abduct=35,
        elbow=15,
        spine_bend=30,
    ),
    "tuck": pose(
        anchored=0,
        pelvis_height=0.1,
        pelvis_pitch=-10,
        foot_y=0.72,
        foot_z=0.42,
        foot_x=0.1,
        arm_flex=65,
        elbow=45,
        spine_bend=40,
        head_bend=25,
    ),
}
"""More poses on the floor, only for holds of the kind "ground"."""
