"""Asks Keras what resnet50-c2-32 answers and how it learns. Only to be run to make the fixture:

uv venv /tmp/keras && uv pip install --python /tmp/keras/bin/python tensorflow-cpu keras==3.12.4
/tmp/keras/bin/python -m tests.training.models.make_keras_fixture
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.training.models.keras_fixture import (
    BATCH,
    FIXTURE,
    LABELS,
    STEPS,
    pictures,
    truths,
    weights,
)


def read_pictures() -> np.ndarray:
    """As the reference reads them: (n, 32, 32, 3) float32 RGB."""
    with tempfile.TemporaryDirectory() as folder:
        for place, picture in enumerate(pictures()):
            path = Path(folder, "all", f"{place:03d}.png")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(tf.io.encode_png(picture).numpy())
        read = keras.utils.image_dataset_from_directory(
            folder, labels=None, shuffle=False, batch_size=BATCH, image_size=(32, 32)
        )
        return np.concatenate([batch.numpy() for batch in read])


def make_model() -> keras.Model:
    """The fixed model, as the reference builds it."""
    whole = keras.applications.ResNet50(input_shape=(32, 32, 3), include_top=False, weights=None)
    base = keras.Model(whole.inputs, outputs=whole.get_layer("conv2_block3_out").output)
    inputs = keras.Input(shape=(32, 32, 3))
    x = keras.applications.resnet.preprocess_input(inputs)
    x = keras.layers.GlobalAveragePooling2D()(base(x))
    model = keras.Model(inputs, keras.layers.Dense(LABELS)(x))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    return model


def main() -> None:
    resized, model = read_pictures(), make_model()
    paths = [weight.path for weight in model.weights]
    names = [path.split("/")[-1] for path in paths]
    shapes = [tuple(weight.shape) for weight in model.weights]
    initializers = {
        type(layer.kernel_initializer).__name__
        for layer in model._flatten_layers()
        if hasattr(layer, "kernel_initializer")
    }
    assert initializers == {"GlorotUniform"}, initializers
    model.set_weights(weights(names, shapes))
    prepared = keras.applications.resnet.preprocess_input(resized.copy())
    logits = model.predict_on_batch(resized)
    one_hot = np.eye(LABELS, dtype=np.float32)[truths()]
    losses = []
    for step in range(STEPS):
        batch = np.arange(step * BATCH, (step + 1) * BATCH) % len(resized)
        model.reset_metrics()  # Or it is the mean so far.
        losses.append(float(model.train_on_batch(resized[batch], one_hot[batch])))
    trained = model.get_weights()
    np.savez_compressed(
        FIXTURE,
        paths=np.array(paths),
        shapes=np.array([" ".join(map(str, shape)) for shape in shapes]),
        parameters=model.count_params(),
        prepared=prepared[:4],
        prepared_sums=prepared.sum(axis=(1, 2), dtype=np.float64),
        logits=logits,
        losses=np.array(losses),
        trained_logits=model.predict_on_batch(resized),
        trained_sums=np.array([np.sum(each, dtype=np.float64) for each in trained]),
        trained_firsts=np.array([each.ravel()[:8] for each in trained]),
        versions=np.array([f"keras {keras.__version__}", f"tensorflow {tf.__version__}"]),
    )
    print(FIXTURE, FIXTURE.stat().st_size, "bytes", paths, losses)


if __name__ == "__main__":
    main()
