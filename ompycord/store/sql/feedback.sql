-- What people think of results: the current verdict of each person, and every one that was given.

-- name: earlier
-- A person's verdict on a run.
SELECT r.id AS run, f.person, f.person_name, f.verdict, f.words, f.at
FROM feedback AS f JOIN runs AS r ON r.pk = f.run WHERE r.id = :run AND f.person = :person;

-- name: put
-- A person's verdict, in place of an earlier one.
INSERT INTO feedback (run, person, person_name, verdict, words, at)
SELECT pk, :person, :person_name, :verdict, :words, :at FROM runs WHERE id = :run
ON CONFLICT (run, person) DO UPDATE SET
    person_name = excluded.person_name, verdict = excluded.verdict, words = excluded.words, at = excluded.at;

-- name: put_history
-- The same, beside every one before.
INSERT INTO feedback_history (run, person, person_name, verdict, words, at)
SELECT pk, :person, :person_name, :verdict, :words, :at FROM runs WHERE id = :run;

-- name: of_run
-- The current verdicts on a run.
SELECT r.id AS run, f.person, f.person_name, f.verdict, f.words, f.at
FROM feedback AS f JOIN runs AS r ON r.pk = f.run WHERE r.id = ? ORDER BY f.at, f.person;

-- name: history
-- Every verdict on a run.
SELECT r.id AS run, f.person, f.person_name, f.verdict, f.words, f.at
FROM feedback_history AS f JOIN runs AS r ON r.pk = f.run WHERE r.id = ? ORDER BY f.id;

-- name: since
-- The current verdicts since then.
SELECT r.id AS run, f.person, f.person_name, f.verdict, f.words, f.at
FROM feedback AS f JOIN runs AS r ON r.pk = f.run WHERE f.at >= ? ORDER BY f.at, f.person;
