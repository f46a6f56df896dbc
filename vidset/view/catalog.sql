-- The tables of memory behind the page, beside those of the ledgers: `videos`, and `frames` with the
-- column `n`, which is an image's number for as long as the server runs.

CREATE TABLE annotations (
  image_id TEXT, state TEXT, annotator TEXT, vendor TEXT, revision BIGINT, updated_at TIMESTAMPTZ,
  labels TEXT[], objects TEXT, object_count BIGINT
);

CREATE TABLE tasks (
  image_id TEXT, state TEXT, vendor TEXT, cost DOUBLE, requested_at TIMESTAMPTZ,
  completed_at TIMESTAMPTZ, error TEXT
);

-- What a model said last of each image. `scores` belong to `objects`.
CREATE TABLE predictions (
  image_id TEXT, name TEXT, run TEXT, model TEXT, score DOUBLE, uncertainty DOUBLE, objects TEXT,
  scores DOUBLE[], labels TEXT[], written_at TIMESTAMPTZ
);

-- The groups of images that look alike, by perceptual hash: filled when somebody asks.
CREATE TABLE alike (phash TEXT, alike BIGINT, images BIGINT);

CREATE TABLE splits (origin TEXT, split TEXT);

CREATE TABLE tags (image_id TEXT, tags TEXT[]);

CREATE TABLE selected (
  selection TEXT, made_at TEXT, actor TEXT, image_id TEXT, rank INTEGER, strategy TEXT,
  score DOUBLE, reason TEXT
);

-- Selections that chose an image, the newest first, and its rank and score in that one.
CREATE VIEW selections_of AS
SELECT
  image_id,
  list(selection ORDER BY made_at DESC, selection DESC) AS selections,
  arg_max(rank, (made_at, selection)) AS rank,
  arg_max(score, (made_at, selection)) AS score
FROM selected
GROUP BY image_id;

-- Samples of committed videos. Others are of a run that was killed.
CREATE VIEW samples AS
SELECT frames.*
FROM frames
SEMI JOIN videos
  ON videos.video_uri = frames.video_uri
  AND videos.generation = frames.generation
  AND videos.settings_id = frames.settings_id;

-- Samples that became images. A ledger of others may say so and name none.
CREATE VIEW kept AS
SELECT * FROM samples WHERE kept AND image_id IS NOT NULL AND image_uri IS NOT NULL;

-- What the grid shows and what a person's condition may ask about.
CREATE VIEW images AS
SELECT
  kept.n,
  kept.image_id,
  kept.image_uri,
  kept.image_sha256,
  kept.video_uri,
  kept.generation,
  kept.collector_id,
  kept.pts_seconds,
  kept.ssim,
  kept.local_change,
  kept.sharpness,
  kept.brightness,
  kept.phash,
  kept.width,
  kept.height,
  kept.uploaded_at,
  COALESCE(annotations.state, tasks.state, 'unlabeled') AS state,
  tasks.state AS task_state,
  tasks.cost,
  annotations.annotator,
  annotations.updated_at,
  COALESCE(annotations.labels, []) AS labels,
  COALESCE(annotations.object_count, 0) AS object_count,
  annotations.objects,
  splits.split,
  COALESCE(tags.tags, []) AS tags,
  COALESCE(selections_of.selections, []) AS selections,
  selections_of.rank,
  selections_of.score AS selection_score,
  predictions.run,
  predictions.model,
  predictions.objects AS predicted,
  predictions.scores,
  COALESCE(predictions.labels, []) AS predicted_labels,
  predictions.score,
  predictions.uncertainty,
  -- An image alone has a group of its own.
  COALESCE(alike.alike, 4294967295 - kept.n) AS alike,
  COALESCE(alike.images, 1) AS alike_images
FROM kept
LEFT JOIN annotations ON annotations.image_id = kept.image_id
LEFT JOIN tasks ON tasks.image_id = kept.image_id
LEFT JOIN splits ON splits.origin = kept.image_sha256
LEFT JOIN tags ON tags.image_id = kept.image_id
LEFT JOIN selections_of ON selections_of.image_id = kept.image_id
LEFT JOIN predictions ON predictions.image_id = kept.image_id
LEFT JOIN alike ON alike.phash = kept.phash;
