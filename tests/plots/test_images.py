"""Measures of generated images: known cases, closed forms, and that they notice what they are
for."""

from aigc_course import plots


def test_plane_lies_right_way_up():
    def corner(points):  # bright to the right and to the top
        return ((points[:, :1] + points[:, 1:]) / 8 + 0.5)[:, :, None, None].expand(-1, 1, 2, 3)

    image = plots.plane(corner, n=4, limit=2.0)
    assert image.shape == (8, 12) and image[0, -1] == 1 and image[-1, 0] == 0
