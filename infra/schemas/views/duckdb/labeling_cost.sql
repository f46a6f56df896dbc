-- What was spent: tasks and their cost by day (UTC), vendor and state. The day is the one whose budget
-- the task was taken from; of a task that is not booked, the one when it was requested.
SELECT
  COALESCE(tasks.booked_on, CAST(tasks.requested_at AS DATE)) AS day,
  tasks.vendor,
  tasks.state,
  COUNT(*) AS tasks,
  SUM(tasks.cost) AS cost
FROM tasks
GROUP BY 1, 2, 3
