-- Takes a dead letter ($1) that is to be published again, unless it was already replayed, is not an
-- event, or is larger than an event may be ($2 bytes).
UPDATE dead_letters SET replayed_at = now()
WHERE id = $1 AND replayed_at IS NULL AND envelope IS NOT NULL
    AND envelope ->> 'kind' <> 'undecodable'
    AND octet_length(envelope::text) <= $2
RETURNING topic, envelope
