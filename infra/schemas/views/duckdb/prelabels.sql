-- One row for each prediction of a run, with what people said of the image afterwards.
SELECT
  predictions.prediction_id,
  predictions.image_id,
  predictions.image_uri,
  predictions.run,
  predictions.run_id,
  predictions.model,
  predictions.version,
  predictions.uncertainty,
  predictions.score,
  predictions.unsure,
  predictions.sent_at,
  predictions.objects AS predicted,
  annotations.state AS annotation_state,
  annotations.objects AS labeled,
  annotations.vendor,
  annotations.annotator,
  annotations.updated_at AS labeled_at,
  tasks.cost
FROM predictions
LEFT JOIN annotations USING (image_id)
LEFT JOIN tasks USING (image_id)
WHERE predictions.run_id IS NOT NULL
