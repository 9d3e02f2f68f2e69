"""From a pose to the joints' positions: forward kinematics for trunk and arms, inverse kinematics for legs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .pose import INDEX
from .rotation import about_x, about_y, about_z, frame_along, unit

SIDES = (1.0, -1.0)
"""Left, then right, as the sign of the body's x."""


@dataclass(frozen=True)
class Build:
    """A body's measures. Height in metres; the rest multiplies an average adult's share of it."""

    height: float = 1.70
    shoulders: float = 1.0
    hips: float = 1.0
    waist: float = 1.0
    girth: float = 1.0
    bust: float = 0.0
    legs: float = 1.0

    @property
    def thigh(self) -> float:
        return 0.242 * self.height * self.legs

    @property
    def shank(self) -> float:
        return 0.243 * self.height * self.legs

    @property
    def leg(self) -> float:
        return self.thigh + self.shank

    @property
    def ankle(self) -> float:
        return 0.043 * self.height

    @property
    def foot(self) -> float:
        return 0.15 * self.height

    @property
    def trunk(self) -> float:
        """From the line through the hips to the line through the shoulders."""
        return 0.29 * self.height

    @property
    def upper_arm(self) -> float:
        return 0.176 * self.height

    @property
    def forearm(self) -> float:
        return 0.147 * self.height

    @property
    def shoulder_half(self) -> float:
        return 0.104 * self.height * self.shoulders

    @property
    def hip_half(self) -> float:
        return 0.052 * self.height * self.hips


@dataclass(frozen=True)
class Place:
    """Where a dancer is: the point of the floor below, the yaw in degrees and the height of a jump in metres."""

    x: float
    z: float
    yaw: float
    lift: float = 0.0


@dataclass(frozen=True)
class PosedSkeleton:
    """Joints in world metres and the frames (columns x, y, z) of the parts between them; pairs are left, right.

    spine (S, 3) and spine_frame (S, 3, 3) run from the hips to the shoulder line in equal steps. arm and leg (2, 3, 3)
    hold shoulder, elbow, wrist and hip, knee, ankle; arm_frame and leg_frame (2, 2, 3, 3) the two bones' frames, y
    pointing up the bone. foot_frame has y up and z to the toes.
    """

    spine: np.ndarray
    spine_frame: np.ndarray
    head: np.ndarray
    head_frame: np.ndarray
    arm: np.ndarray
    arm_frame: np.ndarray
    leg: np.ndarray
    leg_frame: np.ndarray
    foot_frame: np.ndarray

    def raised(self, height: float) -> PosedSkeleton:
        """The same skeleton `height` metres further up."""
        up = np.array([0.0, height, 0.0])
        return replace(self, spine=self.spine + up, head=self.head + up, arm=self.arm + up, leg=self.leg + up)


SPINE_STEPS = 9
_SPINE_SHARE = np.linspace(0, 1, SPINE_STEPS)


def posed(build: Build, place: Place, pose: np.ndarray) -> PosedSkeleton:
    """The skeleton of a body in a pose (see `pose.NAMES`), resting on the floor by its lowest part, plus the lift."""
    value = {name: float(pose[index]) for name, index in INDEX.items()}
    root = about_y(place.yaw)
    origin = np.array([place.x, 0.0, place.z])
    pelvis = root @ about_y(value["pelvis_twist"]) @ about_z(value["pelvis_roll"]) @ about_x(value["pelvis_pitch"])
    height = _pelvis_height(build, value)
    hips = origin + root @ np.array([value["pelvis_x"] * build.leg, height, value["pelvis_z"] * build.leg])

    spine_frame = pelvis @ _bent(_SPINE_SHARE, value["spine_bend"], value["spine_side"], value["spine_twist"])
    step = build.trunk / (SPINE_STEPS - 1)
    spine = hips + step * np.concatenate([np.zeros((1, 3)), np.cumsum(spine_frame[1:, :, 1], axis=0)])
    chest = spine_frame[-1]
    head_frame = chest @ _bent(np.array(1.0), value["head_bend"], value["head_side"], value["head_turn"])
    neck = spine[-1] + build.height * 0.03 * chest[:, 1]
    head = neck + build.height * (0.034 * unit(chest[:, 1] + head_frame[:, 1]) + 0.045 * head_frame[:, 1])

    arm, arm_frame = _arms(build, value, spine[-1], chest)
    leg, leg_frame, foot_frame = _legs(build, value, origin, root, hips, pelvis)
    skeleton = PosedSkeleton(spine, spine_frame, head, head_frame, arm, arm_frame, leg, leg_frame, foot_frame)
    grounded = skeleton.raised(-_lowest(build, skeleton))
    return grounded.raised(place.lift) if place.lift else grounded


def _bent(share: np.ndarray, bend: float, side: float, twist: float) -> np.ndarray:
    return about_y(share * twist) @ about_z(share * side) @ about_x(share * bend)


def _pelvis_height(build: Build, value: dict[str, float]) -> float:
    wanted = value["pelvis_height"] * build.leg + build.ankle
    if value["anchored"] < 0.5:
        return wanted
    reach = wanted
    for side, name in zip(SIDES, "lr", strict=True):
        across = side * value[f"foot_x_{name}"] * build.leg - value["pelvis_x"] * build.leg - side * build.hip_half
        along = (value[f"foot_z_{name}"] - value["pelvis_z"]) * build.leg
        if value[f"foot_y_{name}"] < 0.15:
            reach = min(reach, np.sqrt(max((0.99 * build.leg) ** 2 - across**2 - along**2, 0.04)) + build.ankle)
    blend = min(1.0, (value["anchored"] - 0.5) * 2)
    return blend * reach + (1 - blend) * wanted


def _arms(build: Build, value: dict[str, float], top: np.ndarray, chest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    joints, frames = np.empty((2, 3, 3)), np.empty((2, 2, 3, 3))
    for row, (side, name) in enumerate(zip(SIDES, "lr", strict=True)):
        abduct, flex = value[f"arm_abduct_{name}"], value[f"arm_flex_{name}"]
        shrug = 0.024 * build.height * np.clip((max(abduct, flex) - 50) / 110, 0, 1)
        across, up = side * (build.shoulder_half - 0.5 * shrug), shrug - 0.006 * build.height
        shoulder = top + chest @ np.array([across, up, 0.0])
        upper = chest @ about_z(side * abduct) @ about_x(-flex) @ about_y(side * value[f"arm_twist_{name}"])
        lower = upper @ about_x(-value[f"elbow_{name}"])
        elbow = shoulder - build.upper_arm * upper[:, 1]
        joints[row] = shoulder, elbow, elbow - build.forearm * lower[:, 1]
        frames[row] = upper, lower
    return joints, frames


def _legs(
    build: Build, value: dict[str, float], origin: np.ndarray, root: np.ndarray, hips: np.ndarray, pelvis: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    joints, frames, feet = np.empty((2, 3, 3)), np.empty((2, 2, 3, 3)), np.empty((2, 3, 3))
    anchored = np.clip(value["anchored"], 0, 1)
    for row, (side, name) in enumerate(zip(SIDES, "lr", strict=True)):
        x, y, z = (value[f"foot_{axis}_{name}"] for axis in "xyz")
        point, turn = value[f"foot_point_{name}"], value[f"foot_turn_{name}"]
        hip = hips + pelvis[:, 0] * side * build.hip_half
        heel = build.ankle + build.foot * 0.62 * np.sin(np.radians(max(point, 0.0)))
        standing = origin + root @ np.array([side * x * build.leg, y * build.leg + heel, z * build.leg])
        hanging = hips + pelvis @ (build.leg * np.array([side * x, y - 1.0, z]))
        ankle = anchored * standing + (1 - anchored) * hanging
        toes = (anchored * root + (1 - anchored) * pelvis) @ about_y(side * turn)[:, 2]
        knee, ankle = _bend_knee(build, hip, ankle, pelvis, unit(toes + 0.5 * pelvis[:, 2]))
        joints[row] = hip, knee, ankle
        bones = unit(np.stack([hip - knee, knee - ankle]))
        ahead = np.stack([toes, toes]) + 0.35 * np.cross(pelvis[:, 0], bones)
        frames[row] = frame_along(bones, ahead)
        feet[row] = _foot(bones[1], toes, point, anchored, root)
    return joints, frames, feet


def _bend_knee(
    build: Build, hip: np.ndarray, ankle: np.ndarray, pelvis: np.ndarray, forward: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Knee, and the ankle brought within reach. The knee leaves the line from hip to ankle forwards, or, as the leg
    itself points forwards, upwards."""
    span = ankle - hip
    distance = float(np.clip(np.linalg.norm(span), 0.32 * build.leg, 0.998 * build.leg))
    along = unit(span)
    ahead = float(along @ forward)
    pole = forward * (1 - abs(ahead)) + pelvis[:, 1] * ahead + 1e-3 * forward
    pole = unit(pole - (pole @ along) * along)
    foot = (build.thigh**2 - build.shank**2 + distance**2) / (2 * distance)
    return hip + along * foot + pole * np.sqrt(max(build.thigh**2 - foot**2, 0.0)), hip + along * distance


def _foot(shank: np.ndarray, toes: np.ndarray, point: float, anchored: float, root: np.ndarray) -> np.ndarray:
    flat = frame_along(root[:, 1], toes) @ about_x(point)
    free = frame_along(shank, toes + 0.3 * shank) @ about_x(point)
    mixed = anchored * flat + (1 - anchored) * free
    return frame_along(mixed[:, 1], mixed[:, 2])


def _lowest(build: Build, skeleton: PosedSkeleton) -> float:
    """How far above the floor the body's lowest part is, in metres; negative below it."""
    soles = skeleton.leg[:, 2] - skeleton.foot_frame[:, :, 1] * build.ankle
    toes = soles + skeleton.foot_frame[:, :, 2] * build.foot * 0.62
    heels = soles - skeleton.foot_frame[:, :, 2] * build.foot * 0.22
    hands = skeleton.arm[:, 2] - skeleton.arm_frame[:, 1, :, 1] * build.height * 0.05
    return float(
        min(
            toes[:, 1].min(),
            heels[:, 1].min(),
            hands[:, 1].min() - 0.02,
            skeleton.arm[:, 1, 1].min() - 0.035,
            skeleton.leg[:, 1, 1].min() - 0.055,
            skeleton.spine[0, 1] - 0.11 * build.girth,
            skeleton.spine[-3:, 1].min() - 0.1 * build.girth,
            skeleton.head[1] - 0.1,
        )
    )
