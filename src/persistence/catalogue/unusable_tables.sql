-- Those of the tables $1 that are absent, or that this user has no right to. Of several rights, having
-- one is enough here: rows that are only added need no other.
SELECT name, to_regclass(name) IS NULL AS missing FROM unnest($1) AS name
WHERE to_regclass(name) IS NULL OR NOT
    has_table_privilege(to_regclass(name), 'SELECT, INSERT, UPDATE, DELETE')
ORDER BY name
