-- What operators were notified of.

-- name: open_alerts
-- Those that have no end yet.
SELECT id, key, alert, subject, text, began_at, notified_at, ended_at FROM alerts WHERE ended_at IS NULL ORDER BY began_at, id;

-- name: recent_alerts
-- The newest first.
SELECT id, key, alert, subject, text, began_at, notified_at, ended_at FROM alerts ORDER BY began_at DESC, id DESC LIMIT ?;

-- name: put_alert
-- One as it is now; an end stays.
INSERT INTO alerts (id, key, alert, subject, text, began_at, notified_at, ended_at)
VALUES (:id, :key, :alert, :subject, :text, :began_at, :notified_at, :ended_at)
ON CONFLICT (id) DO UPDATE SET ended_at = coalesce(alerts.ended_at, excluded.ended_at);

-- name: prune_alerts
-- What ended long ago.
DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE ended_at < ? ORDER BY ended_at LIMIT ?);
