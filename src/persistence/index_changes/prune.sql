-- Every replica has read changes older than $1 seconds, or loads the whole index again.
DELETE FROM index_changes WHERE changed_at < now() - make_interval(secs => $1)
