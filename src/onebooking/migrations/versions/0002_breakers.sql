-- A row exists while a website fails; the first delivery it accepts deletes it.
CREATE TABLE breakers (
  website_id TEXT PRIMARY KEY REFERENCES websites (id),
  failing_since TIMESTAMPTZ NOT NULL,
  failures INTEGER NOT NULL, -- in a row, of the website and not of one delivery
  trips INTEGER NOT NULL DEFAULT 0, -- how often it opened since it failed first
  open_until TIMESTAMPTZ -- sends nothing before; then one probe, which moves this on
);
ALTER TABLE breakers ENABLE ROW LEVEL SECURITY;
ALTER TABLE breakers FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON breakers USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON breakers TO onebooking_app;

ALTER TABLE websites ADD COLUMN paused_reason TEXT
  CHECK (paused_reason IN ('gone', 'failing', 'by_hand'));
UPDATE websites SET paused_reason = 'gone' WHERE paused_at IS NOT NULL;

-- A delivery that failed is joined with what came after it: its end, which is no failure.
ALTER TABLE deliveries ADD COLUMN joined_into UUID;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check
  CHECK (state IN ('waiting', 'delivered', 'given_up', 'joined')),
  ADD CONSTRAINT deliveries_joined CHECK ((state = 'joined') = (joined_into IS NOT NULL));
DROP INDEX deliveries_owed;
CREATE INDEX deliveries_owed ON deliveries (booking_id, booking_version)
  WHERE state IN ('waiting', 'given_up');
