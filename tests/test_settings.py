from fractions import Fraction

import pytest

from vidset import metrics as measures
from vidset.settings import ExtractionSettings
from vidset.video.sampling import Sampling


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"metric": "x"}, "--metric must be one of ssim, .*; got 'x'", id="metric"),
        pytest.param({"metric": "psnr"}, "psnr has no default --similarity", id="psnr"),
        pytest.param({"jpeg_quality": 0}, "--jpeg-quality must be 1 to 100, got 0", id="jpeg"),
        pytest.param(
            {"similarity_threshold": -1}, "--similarity must be .* got -1", id="threshold"
        ),
        pytest.param({"local_change": 256}, "--local-change must be 0 to 255, got 256", id="local"),
        pytest.param({"min_brightness": -3}, "--min-brightness must be", id="brightness"),
    ],
)
def test_a_wrong_setting_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        ExtractionSettings(**values)


def test_an_absent_package_is_named(monkeypatch):
    monkeypatch.setattr(measures.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="--metric ssim-full needs scikit-image: pip install"):
        ExtractionSettings(metric="ssim-full")


@pytest.mark.parametrize(
    ("every", "tolerance", "message"),
    [
        (0, 0, "period must be > 0 s, got 0 s"),
        (1, 1, "tolerance must be >= 0 s and below the period"),
        (1, -1, "got -1 s"),
    ],
)
def test_a_wrong_sampling_is_named(every, tolerance, message):
    with pytest.raises(ValueError, match=message):
        Sampling(Fraction(every), Fraction(tolerance))


def test_settings_id_is_equal_for_equal_results_only():
    default = ExtractionSettings()
    assert ExtractionSettings(similarity_threshold=0.9).settings_id == default.settings_id
    assert ExtractionSettings(similarity_threshold=0.91).settings_id != default.settings_id
    assert ExtractionSettings(Sampling(Fraction(1, 2))).settings_id != default.settings_id
    assert len(default.settings_id) == 16
