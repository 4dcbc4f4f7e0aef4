-- What a version states about itself, in its own words: its title, if the uploader gave none; its version,
-- its date, and the date until which it should be reviewed, with the first moment after that date.
ALTER TABLE document_versions
    ADD COLUMN stated_title text,
    ADD COLUMN stated_version text,
    ADD COLUMN stated_date text,
    ADD COLUMN stated_review text,
    ADD COLUMN stated_review_over timestamptz;
