-- Whether version `v` of document `d` is in force by the clock. A document's expiry is that of its
-- current version, or the time at which another document superseded it.
(v.effective_from IS NULL OR v.effective_from <= now())
    AND (v.expires_at IS NULL OR v.expires_at > now())
    AND (d.expires_at IS NULL OR d.expires_at > now() OR v.id = d.scheduled_version_id)
