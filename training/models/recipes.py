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
