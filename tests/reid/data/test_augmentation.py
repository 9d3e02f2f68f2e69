import torch

from reid.data.augmentation import AugmentationOptions, augment, encoder_view, flip, shift
from reid.data.joint_layouts import COCO, JOINT_LAYOUTS, MARKET
from reid.training.pose_maps import body_mask, pose_maps, recovery_weight


def dotted(keypoints, height=40, width=20):
    """A picture that is 1 at each joint and 0 elsewhere."""
    images = torch.zeros(len(keypoints), 3, height, width)
    for image, joints in zip(images, keypoints.long(), strict=True):
        image[:, joints[:, 1], joints[:, 0]] = 1
    return images


def some_keypoints(joints):
    generator = torch.Generator().manual_seed(0)
    return torch.stack(
        [
            torch.randint(4, 16, (3, joints), generator=generator),
            torch.randint(4, 36, (3, joints), generator=generator),
        ],
        dim=-1,
    ).float()


def test_joint_layouts_mirror_onto_themselves():
    for joints, layout in JOINT_LAYOUTS.items():
        assert len(layout.mirror) == joints
        assert [layout.mirror[other] for other in layout.mirror] == list(range(joints))
        mirrored = {frozenset((layout.mirror[a], layout.mirror[b])) for a, b in layout.limbs}
        assert mirrored == {frozenset(limb) for limb in layout.limbs}


def test_a_mirror_swaps_left_and_right_joints():
    keypoints = some_keypoints(17)
    images, moved = flip(dotted(keypoints), keypoints, torch.tensor([True, False, True]))
    left_wrist, right_wrist = 9, 10
    assert moved[0, right_wrist].tolist() == [19 - keypoints[0, left_wrist, 0], keypoints[0, left_wrist, 1]]
    assert torch.equal(moved[1], keypoints[1])
    assert torch.equal(images, dotted(moved))


def test_pictures_and_keypoints_move_together():
    keypoints = some_keypoints(15)
    offset = torch.tensor([[3, -2], [0, 0], [-4, 4]])
    images, moved = shift(dotted(keypoints), keypoints, offset, 4)
    inner = images[:, :, 4:-4, 4:-4]
    assert torch.equal(inner, dotted(moved)[:, :, 4:-4, 4:-4])
    assert images[0, 0, -1, -1] == 0.5  # what came in from outside


def test_everything_at_once_keeps_joints_on_their_dots():
    keypoints = some_keypoints(17)
    options = AugmentationOptions(flip=0.5, shift=0.1)
    images, moved = augment(dotted(keypoints), keypoints, options, torch.Generator().manual_seed(1))
    for image, joints in zip(images, moved.long(), strict=True):
        assert (image[0, joints[:, 1].clamp(0, 39), joints[:, 0].clamp(0, 19)] == 1).float().mean() > 0.9


def test_a_generator_repeats_itself():
    keypoints = some_keypoints(17)
    options = AugmentationOptions(erase=1.0, brightness=0.2)

    def draw(seed):
        generator = torch.Generator().manual_seed(seed)
        images, _ = augment(dotted(keypoints), None, options, generator)
        return encoder_view(images, options, generator)

    assert torch.equal(draw(5), draw(5))
    assert not torch.equal(draw(5), draw(6))


def test_erasing_leaves_the_picture_itself_alone():
    images = torch.ones(50, 3, 40, 20)
    view = encoder_view(images, AugmentationOptions(erase=1.0), torch.Generator().manual_seed(0))
    assert (images == 1).all()
    erased = (view == 0.5).float().mean((1, 2, 3))
    assert 0.01 < erased.min() < erased.max() < 0.45
    small = encoder_view(images, AugmentationOptions(erase=1.0, erase_area=0.2), torch.Generator().manual_seed(0))
    assert 0.15 < (small == 0.5).float().mean((1, 2, 3)).max() < 0.25
    half = encoder_view(images, AugmentationOptions(erase=0.5), torch.Generator().manual_seed(0))
    assert 10 < (half == 0.5).any(3).any(2).any(1).sum() < 40


def test_pose_maps_peak_at_their_joints_and_are_empty_for_unknown_ones():
    keypoints = torch.tensor([[[10.0, 30.0], [torch.nan, torch.nan]]])
    maps = pose_maps(keypoints, 64, 32, torch.tensor([4.0]))
    assert maps.shape == (1, 2, 64, 32)
    assert maps[0, 0].argmax() == 30 * 32 + 10
    assert maps[0, 0, 30, 11].item() == torch.exp(torch.tensor(-1 / (2 * (4 * 64 / 256) ** 2))).item()
    assert maps[0, 1].sum() == 0


def test_a_body_mask_covers_the_limbs_and_their_surroundings_only():
    keypoints = torch.full((1, 17, 2), torch.nan)
    keypoints[0, 5], keypoints[0, 7] = torch.tensor([16.0, 10.0]), torch.tensor([16.0, 40.0])  # one upper arm
    mask = body_mask(keypoints, 64, 32)[0, 0]
    assert mask[10:41, 14:19].all()
    assert not mask[:6].any()
    assert not mask[:, :12].any()
    assert recovery_weight(keypoints, 64, 32, 9.0).unique().tolist() == [1, 9]
    assert (5, 7) in COCO.limbs
    assert MARKET.mirror[2] == 13
