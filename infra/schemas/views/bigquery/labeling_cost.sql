-- What was spent: tasks and their cost by day (UTC), vendor and state. The day is the one whose budget
-- the task was taken from; of a task that is not booked, the one when it was requested.
SELECT
  COALESCE(tasks.booked_on, DATE(tasks.requested_at)) AS day,
  tasks.vendor,
  tasks.state,
  COUNT(*) AS tasks,
  SUM(tasks.cost) AS cost
FROM `${dataset}.tasks` AS tasks
GROUP BY 1, 2, 3
