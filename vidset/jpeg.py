"""Pictures to JPEG."""

import cv2
import numpy as np

# What OpenCV's encoder takes; the format itself ends at 65,535.
MAX_JPEG_SIDE = 65500


def jpeg(rgb: np.ndarray, quality: int) -> bytes:
    """Encode (h, w, 3) uint8 RGB. The same pixels give the same bytes.

    OpenCV takes BGR. `DecodedFrame.rgb` is a view of BGR memory, which this turns back for free.
    """
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
