-- What a member proves themself with stands apart from who they are: no list of members reads it.
CREATE TABLE member_passwords (
  member_id UUID PRIMARY KEY REFERENCES members (id),
  hash TEXT NOT NULL, -- argon2id, with its parameters and salt
  set_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE member_factors (
  member_id UUID PRIMARY KEY REFERENCES members (id),
  encrypted BYTEA NOT NULL, -- the TOTP secret
  confirmed_at TIMESTAMPTZ, -- NULL: shown, and no code of it seen yet
  used_step BIGINT NOT NULL DEFAULT 0 -- the 30 seconds whose code was taken last: none counts twice
);

CREATE TABLE member_recovery_codes (
  code_hash BYTEA PRIMARY KEY, -- SHA-256 of 80 random bits
  member_id UUID NOT NULL REFERENCES members (id),
  used_at TIMESTAMPTZ
);
CREATE INDEX member_recovery_codes_member ON member_recovery_codes (member_id);

CREATE TABLE member_sessions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  token_hash BYTEA NOT NULL UNIQUE, -- SHA-256 of the cookie
  member_id UUID NOT NULL REFERENCES members (id),
  waits_for TEXT CHECK (waits_for IN ('code', 'enrolment')), -- NULL: signed in
  user_agent TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  seen_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX member_sessions_member ON member_sessions (member_id);

-- Links that we mail or print: each opens one door, once.
CREATE TABLE member_links (
  token_hash BYTEA PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset', 'setup')),
  member_id UUID REFERENCES members (id), -- NULL: the set-up link, before there is anybody
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ
);
CREATE INDEX member_links_member ON member_links (member_id);

-- Who did what about which member.
CREATE TABLE member_acts (
  id UUID PRIMARY KEY,
  member_id UUID NOT NULL REFERENCES members (id),
  acted_by TEXT NOT NULL, -- an e-mail address, or the command line
  act TEXT NOT NULL,
  details JSONB NOT NULL DEFAULT '{}',
  acted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX member_acts_member ON member_acts (member_id, acted_at DESC, id DESC);

-- How often somebody failed to prove themself, and when they may try next. A crash forgives everybody.
CREATE UNLOGGED TABLE sign_in_tries (
  who BYTEA PRIMARY KEY, -- a hash of address, or of address and account
  tries INTEGER NOT NULL,
  next_at TIMESTAMPTZ NOT NULL,
  last_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sign_in_tries_last ON sign_in_tries (last_at);

-- A token is named by its member, and revoked by its id.
ALTER TABLE member_tokens
  ADD COLUMN id UUID NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN name TEXT NOT NULL DEFAULT '';
CREATE INDEX member_tokens_member ON member_tokens (member_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON
  member_passwords, member_factors, member_recovery_codes, member_sessions, member_links, member_acts,
  sign_in_tries
TO onebooking_app;
