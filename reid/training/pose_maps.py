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
    return torch.nan_to_num(down[..., :, None] * across[..., None, :])


def jittered_sigma(count: int, generator: torch.Generator) -> torch.Tensor:
    """A sigma for each picture, evenly from 4 to 6 (the reference run's jitter), (count,)."""
    return SIGMA[0] + (SIGMA[1] - SIGMA[0]) * torch.rand(count, generator=generator)


def body_mask(keypoints: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Limbs drawn as thick lines, (B, P, 2) pixels to bool (B, 1, H, W)."""
    start, end = (keypoints[:, list(joints)] for joints in zip(*joint_layout(keypoints.shape[1]).limbs, strict=True))
    y, x = torch.meshgrid(
        torch.arange(height, device=keypoints.device), torch.arange(width, device=keypoints.device), indexing="ij"
    )
    position = torch.stack([x, y], dim=-1).float()  # (H, W, 2)
    limb = (end - start)[:, :, None, None]  # (B, L, 1, 1, 2)
    offset = position - start[:, :, None, None]  # (B, L, H, W, 2)
    along = (offset * limb).sum(-1) / limb.square().sum(-1).clamp(min=1e-6)
    distance = (offset - along.clamp(0, 1)[..., None] * limb).square().sum(-1)  # (B, L, H, W)
    radius = LIMB_RADIUS * height / REFERENCE_HEIGHT
    return (distance <= radius**2).any(dim=1, keepdim=True)


def recovery_weight(keypoints: torch.Tensor, height: int, width: int, body: float) -> torch.Tensor:
    """Weight of each pixel in the recovery losses, (B, 1, H, W): `body` on the body, 1 elsewhere."""
    return 1 + (body - 1) * body_mask(keypoints, height, width)
