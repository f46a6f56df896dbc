"""What pycocotools or Label Studio's own converter make of masks; run in their environments.

python masks_main.py coco|brush IN.json OUT.json
"""

import json
import sys
from pathlib import Path


def coco(cases):
    import numpy as np
    from pycocotools import mask

    for case in cases:
        if "polygons" in case:
            rle = mask.merge(mask.frPyObjects(case["polygons"], case["height"], case["width"]))
        else:
            rle = mask.encode(np.asfortranarray(np.array(case["pixels"], np.uint8)))
        yield {
            "counts": rle["counts"].decode(),
            "area": int(mask.area(rle)),
            "box": [int(side) for side in mask.toBbox(rle)],
            "pixels": mask.decode(rle).tolist(),
        }


def brush(cases):
    import numpy as np
    from label_studio_sdk.converter import brush as converter

    for case in cases:
        pixels = np.array(case["pixels"], np.uint8)
        read = converter.decode_rle(case["rle"]).reshape(*pixels.shape, 4)[:, :, 3]
        yield {"read": (read > 0).tolist(), "written": converter.mask2rle(pixels * 255)}


if __name__ == "__main__":
    _, kind, source, target = sys.argv
    found = list({"coco": coco, "brush": brush}[kind](json.loads(Path(source).read_text())))
    Path(target).write_text(json.dumps(found))
