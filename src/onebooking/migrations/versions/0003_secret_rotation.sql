-- Not promoted: pending, and signs beside the one in use, so that either verifies.
ALTER TABLE website_secrets ADD COLUMN promoted_at TIMESTAMPTZ;
UPDATE website_secrets SET promoted_at = created_at;
