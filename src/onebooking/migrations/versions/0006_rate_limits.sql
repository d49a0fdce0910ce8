-- The moment at which a caller's allowance is whole again. Not logged: a crash forgives everybody.
CREATE UNLOGGED TABLE rate_limits (
  caller TEXT PRIMARY KEY, -- 'key:' or 'address:', and a hash
  whole_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO onebooking_app;
