-- Role and websites are ours; Supabase says only who somebody is.
CREATE TABLE member_supabase_users (
  member_id UUID PRIMARY KEY REFERENCES members (id),
  user_id UUID NOT NULL UNIQUE, -- the `sub` of their JWTs
  linked_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

ALTER TABLE member_sessions
  ADD COLUMN supabase_tokens BYTEA, -- encrypted; NULL: the session is ours alone
  ADD COLUMN supabase_until TIMESTAMPTZ, -- how long the access token among them is good
  ADD CHECK ((supabase_tokens IS NULL) = (supabase_until IS NULL));

-- Supabase's part of the link was used, and the password that goes with it is yet to be chosen.
ALTER TABLE member_links ADD COLUMN supabase_tokens BYTEA;

GRANT SELECT, INSERT, UPDATE, DELETE ON member_supabase_users TO onebooking_app;
