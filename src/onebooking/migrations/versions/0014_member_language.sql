-- NULL: nobody has said yet; the page that the member signs in on will.
ALTER TABLE members ADD COLUMN language TEXT CHECK (language IN ('en', 'th'));
