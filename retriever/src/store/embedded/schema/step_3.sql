-- What was not right with an answer, by its name; none where the reader did not say.
ALTER TABLE feedback ADD COLUMN reason TEXT;
