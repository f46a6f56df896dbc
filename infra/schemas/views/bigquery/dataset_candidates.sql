-- One row for each kept image of a committed video, with all that is known of it. Videos of the same
-- content and the same name but for its extension have the same images: the first one has them here. Two
-- workers that committed a video at once may have left each row twice, which this drops as well.
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
  COALESCE(ARRAY_LENGTH(annotations.objects), 0) AS object_count,
  annotations.objects,
  IFNULL(marked.tags, []) AS tags
FROM `${dataset}.frames` AS frames
JOIN `${dataset}.videos` AS videos
  ON videos.video_uri = frames.video_uri
  AND videos.generation = frames.generation
  AND videos.settings_id = frames.settings_id
LEFT JOIN `${dataset}.tasks` AS tasks ON tasks.image_id = frames.image_id
LEFT JOIN `${dataset}.annotations` AS annotations ON annotations.image_id = frames.image_id
LEFT JOIN (
  SELECT image_id, ARRAY_AGG(tag ORDER BY tag) AS tags
  FROM `${dataset}.tags`
  WHERE is_set
  GROUP BY image_id
) AS marked ON marked.image_id = frames.image_id
WHERE frames.kept
QUALIFY ROW_NUMBER() OVER (PARTITION BY frames.image_id ORDER BY frames.video_uri) = 1
