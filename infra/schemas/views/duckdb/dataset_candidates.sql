-- One row for each kept image of a committed video, with all that is known of it. Videos of the same
-- content and the same name but for its extension have the same images: the first one has them here.
WITH first_of AS (
  SELECT frames.image_id, MIN(frames.video_uri) AS video_uri
  FROM frames
  JOIN videos
    ON videos.video_uri = frames.video_uri
    AND videos.generation = frames.generation
    AND videos.settings_id = frames.settings_id
  WHERE frames.kept
  GROUP BY frames.image_id
)
SELECT
  frames.image_id,
  frames.image_uri,
  frames.image_sha256,
  frames.width,
  frames.height,
  frames.video_uri,
  frames.generation,
  frames.collector_id,
  frames.pts_seconds,
  frames.ssim,
  frames.sharpness,
  frames.brightness,
  frames.phash,
  videos.uploaded_at,
  videos.status AS video_status,
  videos.duration_seconds,
  videos.license,
  videos.license_url,
  videos.attribution,
  videos.obtained_from,
  videos.consent,
  tasks.state AS task_state,
  tasks.vendor AS task_vendor,
  tasks.cost,
  annotations.state AS annotation_state,
  annotations.annotator,
  annotations.revision,
  annotations.updated_at AS labeled_at,
  COALESCE(len(annotations.objects), 0) AS object_count,
  annotations.objects,
  COALESCE(marked.tags, []) AS tags
FROM frames
JOIN videos
  ON videos.video_uri = frames.video_uri
  AND videos.generation = frames.generation
  AND videos.settings_id = frames.settings_id
JOIN first_of
  ON first_of.image_id = frames.image_id
  AND first_of.video_uri = frames.video_uri
LEFT JOIN tasks ON tasks.image_id = frames.image_id
LEFT JOIN annotations ON annotations.image_id = frames.image_id
LEFT JOIN (
  SELECT image_id, list(tag ORDER BY tag) AS tags FROM tags WHERE is_set GROUP BY image_id
) AS marked ON marked.image_id = frames.image_id
WHERE frames.kept
