"""All that fixes each model. One changed value is another model: it needs another name."""

SHUFFLE = "each epoch in the order of SHA-256('<seed> <epoch> <image_sha256> <image_uri>')"

RESNET50_C2_32 = {
    "architecture": {
        "name": "resnet50",
        "cut_at": "conv2_block3_out",
        "head": "global average pool, dense",
        "batch_norm": {
            "momentum": 0.99,
            "epsilon": 1.001e-5,
            "moving_variance": "of the batch, biased",
        },
    },
    "input": {
        "width": 32,
        "height": 32,
        "resize": "bilinear, half-pixel centres, not antialiased, not rounded",
        "channels": "BGR",
        "subtract": [103.939, 116.779, 123.68],
    },
    "initial": {"kernels": "glorot uniform", "biases": "zeros"},
    "loss": "softmax cross entropy, mean of the batch",
    "optimizer": {
        "name": "adam",
        "learning_rate": 1e-4,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "epsilon_is_added": "to the root of the uncorrected second moment",
    },
    "batch_size": 8,
    "last_batch": "kept",
    "shuffle": SHUFFLE,
    "best_epoch": "highest accuracy, the first of equals",
}

# Objects as Points, arXiv 1904.07850, with the layers of ResNet-18 at a quarter of their widths.
CENTERNET_R18_256 = {
    "architecture": {
        "name": "resnet18",
        "widths": [16, 32, 64, 128],
        "up": "transposed convolutions 4x4, stride 2, to stride 4; each plus a 1x1 lateral",
        "up_widths": [64, 32, 32],
        "heads": {"heat": "labels", "size": 2, "offset": 2},
        "head_width": 32,
        "batch_norm": {"momentum": 0.9, "epsilon": 1e-5},
    },
    "input": {
        "width": 256,
        "height": 256,
        "resize": "the longer side fills it; area when smaller, bilinear when larger",
        "pad": "right and below",
        "pad_level": 128,
        "channels": "RGB",
        "scale": "x / 127.5 - 1",
    },
    "stride": 4,
    "initial": {
        "convolutions": "he normal, fan out",
        "biases": "zeros",
        "heat_bias": -2.19,
        "last_layer_deviation": 0.001,
    },
    "targets": {"least_overlap": 0.7, "sigma": "(2 radius + 1) / 6"},
    "loss": {
        "heat": "penalty-reduced focal, over the number of objects",
        "focal_alpha": 2,
        "focal_beta": 4,
        "size": "mean absolute difference, in cells",
        "size_weight": 0.1,
        "offset": "mean absolute difference, in cells",
        "offset_weight": 1,
    },
    "decoding": {"peaks": "of 3x3 cells", "most": 100, "least_score": 0.05},
    "optimizer": {
        "name": "adam",
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    },
    "batch_size": 8,
    "last_batch": "kept",
    "shuffle": SHUFFLE,
    "best_epoch": "highest AP at IoU 0.5, the first of equals",
}

# U-Net (arXiv 1505.04597) whose way down is ResNet-18 (arXiv 1512.03385), whole: torchvision's
# weights of it can be taken. The rate is constant, so that a run of more epochs begins like one of
# fewer, and goes on after an interruption without knowing how many there will be. Pictures are
# augmented by a version's recipe alone, where they can be looked at.
UNET_R18_320X180 = {
    "architecture": {
        "name": "unet",
        "encoder": "resnet18",
        "widths": [64, 128, 256, 512],
        "up": "nearest to twice the size, beside the level of that size, then two 3x3 convolutions",
        "up_widths": [128, 64, 48, 32],
        "last": "transposed convolution 2x2, stride 2, to the labels",
        "batch_norm": {"momentum": 0.9, "epsilon": 1e-5},
    },
    "input": {
        "width": 320,
        "height": 180,
        "resize": "as large as fits; area when smaller, bilinear when larger",
        "pad": "right and below, and below to a multiple of 32",
        "pad_level": 124,
        "channels": "RGB",
        "mean": [0.485, 0.456, 0.406],
        "deviation": [0.229, 0.224, 0.225],
    },
    "initial": {"convolutions": "he normal, fan out", "biases": "zeros", "encoder": "drawn"},
    "targets": {
        "overlaps": "the object of fewer pixels lies on top",
        "resize": "nearest",
        "uncovered": "background",
        "ignored": "pixels that are padded, or labeled as ignored",
    },
    "loss": {
        "cross_entropy": "mean of the batch's pixels",
        "dice": "1 minus the mean over the batch's labels of soft Dice over its pixels",
        "dice_weight": 1,
    },
    "answers": "logits resized to the image, bilinear; the highest",
    "optimizer": {
        "name": "adam",
        "learning_rate": 1e-3,
        "schedule": "constant",
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    },
    "batch_size": 8,
    "last_batch": "kept",
    "shuffle": SHUFFLE,
    "best_epoch": "highest mean IoU over labels, the first of equals",
}

# Mask R-CNN, arXiv 1703.06870, as torchvision builds it. Single things with a box and a mask each.
MASKRCNN_R50_FPN = {
    "architecture": {
        "name": "torchvision.models.detection.maskrcnn_resnet50_fpn",
        "batch_norm": "of the batch",
    },
    "input": {
        "width": 512,
        "height": 512,
        "resize": "the longer side fills it; area when smaller, bilinear when larger",
        "pad": "right and below",
        "pad_level": 124,
        "channels": "RGB",
        "scale": "x / 255; torchvision subtracts its means",
    },
    "initial": {"all": "torchvision's, from the seed", "encoder": "drawn"},
    "sampling": "torchvision's, from SHA-256 of the batch's images",
    "loss": "the sum of torchvision's five",
    "answers": {"most": 50, "least_score": 0.05, "mask_from": 0.5},
    "optimizer": {
        "name": "adam",
        "learning_rate": 1e-4,
        "schedule": "constant",
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    },
    "batch_size": 2,
    "last_batch": "kept",
    "shuffle": SHUFFLE,
    "best_epoch": "highest AP of boxes at IoU 0.5, the first of equals",
}
