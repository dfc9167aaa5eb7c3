"""Colors hold on light and dark pages and for color-blind eyes."""

import re

import numpy as np
import pytest

from mien.reports.category_colors import CATEGORY_COLORS, SPARE_COLORS, color_of
from mien.reports.html_page import page_part

# Full protanopia, deuteranopia and tritanopia in linear RGB: Machado, Oliveira and Fernandes (2009), table 1.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
MODES = {"light": 0, "dark": 1}


def page_color(name: str, mode: str) -> str:
    found = re.findall(rf"--{name}:(#[0-9a-f]{{3,6}})", page_part("report.css"))
    color = found[MODES[mode]]
    return color if len(color) == 7 else "#" + "".join(2 * c for c in color[1:])


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    xyz = np.clip(rgb, 0, 1) @ to_xyz / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["ink", "soft", "mark", "warn"])
def test_text_reaches_aa_on_every_ground(name: str, mode: str) -> None:
    for ground in ("page", "raised", "tint"):
        assert contrast(page_color(name, mode), page_color(ground, mode)) >= 4.5


@pytest.mark.parametrize("mode", MODES)
def test_shapes_reach_three_to_one(mode: str) -> None:
    colors = [pair[MODES[mode]] for pair in (*CATEGORY_COLORS.values(), *SPARE_COLORS)]
    colors += [page_color(name, mode) for name in ("alea", "epis", "grey")]
    for color in colors:
        assert contrast(color, page_color("page", mode)) >= 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("eye", EYES)
def test_no_two_categories_look_alike_to_any_eye(eye: str, mode: str) -> None:
    colors = {name: lab(EYES[eye] @ linear(pair[MODES[mode]])) for name, pair in CATEGORY_COLORS.items()}
    names = list(colors)
    distances = {
        (a, b): float(np.linalg.norm(colors[a] - colors[b]))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }
    closest = min(distances, key=lambda pair: distances[pair])
    assert distances[closest] >= 10, closest


def test_related_names_share_a_color() -> None:
    assert color_of("happy") == color_of("happiness") == color_of("joy")
    assert color_of("curiosity", 1) in SPARE_COLORS
