-- Roles that admins give at run time, by place: a server, a repository or a channel of it.
CREATE TABLE role_grants (
    guild      TEXT NOT NULL,
    place      TEXT NOT NULL CHECK (place IN ('server', 'repository', 'channel')),
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('user', 'role')),
    subject    TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('none', 'viewer', 'runner', 'approver', 'admin')),
    granted_by TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (guild, place, name, kind, subject)
) STRICT, WITHOUT ROWID;
