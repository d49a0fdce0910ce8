-- What needs a person. One open alert a kind and website; it closes by itself when the cause is gone.
CREATE TABLE alerts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  website_id TEXT NOT NULL REFERENCES websites (id),
  kind TEXT NOT NULL CHECK (kind IN ('failing', 'given_up', 'parked', 'conflicts', 'paused')),
  count INTEGER NOT NULL, -- of what is stuck, when last looked at
  since TIMESTAMPTZ NOT NULL, -- the oldest of it
  raised_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  cleared_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX alerts_open ON alerts (website_id, kind) WHERE cleared_at IS NULL;
CREATE INDEX alerts_cleared ON alerts (cleared_at) WHERE cleared_at IS NOT NULL;

-- Whom to tell of an alert, and when next: at once, then daily while it is open, then that it is over.
CREATE TABLE alert_notices (
  alert_id UUID REFERENCES alerts (id) ON DELETE CASCADE,
  channel TEXT CHECK (channel IN ('mail', 'webhook')),
  address TEXT, -- a mail's; of the webhook, which the settings name, nothing
  website_id TEXT NOT NULL REFERENCES websites (id),
  due_at TIMESTAMPTZ, -- while leased: when the lease ends; NULL: all is told
  lease_token UUID,
  attempts INTEGER NOT NULL DEFAULT 0, -- failed ones since it was told last
  told_at TIMESTAMPTZ, -- last
  PRIMARY KEY (alert_id, channel, address)
);
CREATE INDEX alert_notices_due ON alert_notices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_notices_told ON alert_notices (channel, address, told_at);

DO $$
DECLARE
  guarded TEXT;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['alerts', 'alert_notices'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format($policy$
      CREATE POLICY reach ON %I USING (
        (SELECT current_setting('onebooking.reach', true)) = '*'
        OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
      )
    $policy$, guarded);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts, alert_notices TO onebooking_app;

-- What a website's health asks for, each a short walk from the index's end however much there is.
CREATE INDEX deliveries_stuck ON deliveries (website_id, state, created_at)
  INCLUDE (finished_at) WHERE state IN ('waiting', 'given_up');
CREATE INDEX parked_events_oldest ON parked_events (website_id, parked_at);
CREATE INDEX conflicts_waiting ON conflicts (website_id, created_at) WHERE settled_at IS NULL;
-- The newest sync a website sent and the newest delivery it took.
CREATE INDEX sync_logs_heard ON sync_logs (website_id, direction, created_at DESC)
  WHERE status = 'success';
