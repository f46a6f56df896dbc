-- What each collector's videos of each day (UTC) gave. Rates are of the samples; label_yield is the
-- number of objects in a labeled image. The day is null for rows from before uploaded_at was kept.
WITH videos AS (
  -- Two workers that committed a video at once may have left each row twice.
  SELECT DISTINCT * FROM `${dataset}.videos`
),
frames AS (
  SELECT DISTINCT
    video_uri, generation, settings_id, pts_seconds, kept, reason, sharpness, brightness, image_id
  FROM `${dataset}.frames`
),
of_frames AS (
  SELECT
    frames.video_uri,
    frames.generation,
    COUNT(*) AS samples,
    COUNTIF(frames.kept) AS kept,
    COUNTIF(frames.reason = 'near_duplicate') AS near_duplicates,
    COUNTIF(frames.reason = 'blurred') AS blurred,
    COUNTIF(frames.reason = 'dark') AS dark,
    COUNTIF(frames.reason = 'bright') AS bright,
    SUM(frames.sharpness) AS sharpness,
    SUM(frames.brightness) AS brightness,
    COUNTIF(annotations.state = 'labeled') AS labeled,
    COUNTIF(annotations.state = 'skipped') AS skipped,
    SUM(CASE WHEN annotations.state = 'labeled' THEN ARRAY_LENGTH(annotations.objects) ELSE 0 END) AS objects
  FROM frames
  JOIN videos
    ON videos.video_uri = frames.video_uri
    AND videos.generation = frames.generation
    AND videos.settings_id = frames.settings_id
  LEFT JOIN `${dataset}.annotations` AS annotations ON annotations.image_id = frames.image_id
  GROUP BY 1, 2
)
SELECT
  videos.collector_id,
  DATE(videos.uploaded_at) AS day,
  COUNT(*) AS videos,
  COUNTIF(videos.status = 'failed') AS failed_videos,
  SUM(videos.duration_seconds) AS duration_seconds,
  COALESCE(SUM(of_frames.samples), 0) AS samples,
  COALESCE(SUM(of_frames.kept), 0) AS kept,
  SUM(of_frames.near_duplicates) / SUM(of_frames.samples) AS duplicate_rate,
  SUM(of_frames.blurred) / SUM(of_frames.samples) AS blurred_rate,
  SUM(of_frames.dark) / SUM(of_frames.samples) AS dark_rate,
  SUM(of_frames.bright) / SUM(of_frames.samples) AS bright_rate,
  SUM(of_frames.sharpness) / SUM(of_frames.samples) AS mean_sharpness,
  SUM(of_frames.brightness) / SUM(of_frames.samples) AS mean_brightness,
  COALESCE(SUM(of_frames.labeled), 0) AS labeled_images,
  COALESCE(SUM(of_frames.skipped), 0) AS skipped_images,
  COALESCE(SUM(of_frames.objects), 0) AS objects,
  SUM(of_frames.objects) / NULLIF(SUM(of_frames.labeled), 0) AS label_yield
FROM videos
LEFT JOIN of_frames
  ON of_frames.video_uri = videos.video_uri
  AND of_frames.generation = videos.generation
GROUP BY 1, 2
