-- Roles that admins gave at run time.

-- name: role_grants
-- All of them, oldest first.
SELECT guild, place, name, kind, subject, role, granted_by AS "by", by_name, at FROM role_grants ORDER BY at;

-- name: role_grant
-- The role that was given to one person or role in one place.
SELECT role FROM role_grants WHERE guild = ? AND place = ? AND name = ? AND kind = ? AND subject = ?;

-- name: put_role_grant
-- A role, in the place of what was given there before.
INSERT INTO role_grants (guild, place, name, kind, subject, role, granted_by, by_name, at)
VALUES (:guild, :place, :name, :kind, :subject, :role, :by, :by_name, :at)
ON CONFLICT (guild, place, name, kind, subject) DO UPDATE SET
    role = excluded.role, granted_by = excluded.granted_by, by_name = excluded.by_name, at = excluded.at;

-- name: drop_role_grant
-- Forget what was given.
DELETE FROM role_grants WHERE guild = ? AND place = ? AND name = ? AND kind = ? AND subject = ?;
