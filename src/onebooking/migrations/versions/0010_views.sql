-- The list's filters, order and columns under a name. What it says is checked again whenever it is read.
CREATE TABLE booking_views (
  id UUID PRIMARY KEY,
  owner_id UUID NOT NULL REFERENCES members (id),
  name TEXT NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  shared BOOLEAN NOT NULL,
  content JSONB NOT NULL, -- parameter of the list's address → its values
  website_ids TEXT[] NOT NULL, -- those it names; none is all that whoever looks reaches
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX booking_views_name ON booking_views (owner_id, lower(name));
CREATE INDEX booking_views_shared ON booking_views (id) WHERE shared;

-- What names none of the websites within reach is nobody's to see there: not even its name.
ALTER TABLE booking_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking_views FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON booking_views USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR website_ids = '{}'
  OR website_ids && ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
);

CREATE TABLE member_columns (
  member_id UUID PRIMARY KEY REFERENCES members (id),
  columns TEXT[] NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON booking_views, member_columns TO onebooking_app;
