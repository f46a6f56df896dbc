-- One row for each object of each image.
SELECT
  annotations.image_id,
  annotations.image_uri,
  annotations.image_width,
  annotations.image_height,
  object.id AS object_id,
  object.label,
  object.type,
  object.box.x,
  object.box.y,
  object.box.width,
  object.box.height,
  object.points,
  object.attributes,
  annotations.vendor,
  annotations.annotator,
  annotations.revision,
  annotations.updated_at,
  object.box.angle,
  object.rings,
  object.mask
FROM `${dataset}.annotations` AS annotations
CROSS JOIN UNNEST(annotations.objects) AS object
