-- $1 version, $2 text, $3 warnings, then what it states: $4 title, $5 version, $6 date, $7 date of review,
-- $8 the moment after that; $9 its language.
UPDATE document_versions SET text = $2, warnings = $3, reason = NULL, stated_title = $4,
    stated_version = $5, stated_date = $6, stated_review = $7, stated_review_over = $8, language = $9
WHERE id = $1
