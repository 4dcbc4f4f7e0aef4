ALTER TABLE document_versions
    DROP COLUMN stated_title, DROP COLUMN stated_version, DROP COLUMN stated_date,
    DROP COLUMN stated_review, DROP COLUMN stated_review_over;
