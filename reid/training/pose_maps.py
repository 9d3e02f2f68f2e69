"""Poses as network input: Gaussian maps of the joints, and body masks; made on the keypoints' device."""

from __future__ import annotations

import torch

from ..data.joint_layouts import joint_layout

REFERENCE_HEIGHT = 256  # the paper's widths in pixels are meant for pictures of this height
SIGMA = (4.0, 6.0)
LIMB_RADIUS = 12.0


def pose_maps(keypoints: torch.Tensor, height: int, width: int, sigma: torch.Tensor) -> torch.Tensor:
    """A Gaussian of height 1 at each joint, (B, P, 2) pixels to (B, P, H, W); empty where a joint is NaN.

    sigma (B,) is in pixels of a picture 256 high.
    """
    row = torch.arange(height, device=keypoints.device)
    column = torch.arange(width, device=keypoints.device)
    spread = 2 * (sigma.to(keypoints.device) * height / REFERENCE_HEIGHT).square()[:, None, None]
    across = torch.exp(-(column - keypoints[..., :1]).square() / spread)  # (B, P, W)
    down = torch.exp(-(row - keypoints[..., 1:]).square() / spread)  # (B, P, H)
    maps = (down[..., :, None] * across[..., None, :]).nan_to_num_()
    return maps.contiguous(memory_format=torch.channels_last)  # as the networks want them


def jittered_sigma(count: int, generator: torch.Generator) -> torch.Tensor:
    """A sigma for each picture, evenly from 4 to 6 (the reference run's jitter), (count,)."""
    return SIGMA[0] + (SIGMA[1] - SIGMA[0]) * torch.rand(count, generator=generator)


def body_mask(keypoints: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Limbs drawn as thick lines, (B, P, 2) pixels to bool (B, 1, H, W)."""
    start, end = (keypoints[:, list(joints)] for joints in zip(*joint_layout(keypoints.shape[1]).limbs, strict=True))
    limb = (end - start)[..., None, None]  # (B, L, 2, 1, 1)
    x = (torch.arange(width, device=keypoints.device) - start[..., :1])[..., None, :]  # (B, L, 1, W), from the start on
    y = (torch.arange(height, device=keypoints.device) - start[..., 1:])[..., None]  # (B, L, H, 1)
    limb_x, limb_y = limb[:, :, 0], limb[:, :, 1]  # (B, L, 1, 1)
    along = x * limb_x + y * limb_y  # (B, L, H, W), as large as any tensor here
    along = along.div_((limb_x.square() + limb_y.square()).clamp(min=1e-6)).clamp_(0, 1)
    distance = (x - along * limb_x).square_().add_((y - along * limb_y).square_())
    radius = LIMB_RADIUS * height / REFERENCE_HEIGHT
    return (distance <= radius**2).any(dim=1, keepdim=True)


def recovery_weight(keypoints: torch.Tensor, height: int, width: int, body: float) -> torch.Tensor:
    """Weight of each pixel in the recovery losses, (B, 1, H, W): `body` on the body, 1 elsewhere."""
    return 1 + (body - 1) * body_mask(keypoints, height, width)
