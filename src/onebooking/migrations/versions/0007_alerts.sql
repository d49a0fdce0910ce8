-- What needs a person. One open alert a kind and website; it closes by itself when the cause is gone.
CREATE TABLE alerts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL REFERENCES websites (id),
  kind TEXT NOT NULL CHECK (kind IN ('failing', 'given_up', 'parked', 'conflicts', 'paused')),
  count INTEGER NOT NULL, -- of what is stuck, when last looked at
  since TIMESTAMPTZ NOT NULL, -- the oldest of it
  raised_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  cleared_at TIMESTAMPTZ,
  told_at TIMESTAMPTZ -- when the mail and the operational webhook had gone out
);
CREATE UNIQUE INDEX alerts_open ON alerts (website_id, kind) WHERE cleared_at IS NULL;
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON alerts USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts TO onebooking_app;
