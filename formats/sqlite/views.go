package sqlite

// viewsSQL makes the point, and the views of what was so there. A view joins the point first and once: with a condition on
// an indexed column it touches only the rows that meet it.
const viewsSQL = `
CREATE TABLE point ( -- one row: the day and the known point that the views as_of… are about; change it with UPDATE
  on_day TEXT NOT NULL, -- a day, 2019-04-01
  known INTEGER NOT NULL -- sequence of an entry
);
INSERT INTO point SELECT on_day, known FROM export;

CREATE VIEW as_of AS -- who holds what: the answer to holders and holdings
SELECT h.ref, h.kind, h.organisation, h.role, h.valid_from AS since, h.effective, h.path, s.status, s.certainty, s.uncertain_because
FROM point p CROSS JOIN holdings h
JOIN states s ON s.ref = h.ref
 AND s.valid_from <= p.on_day AND (s.valid_to IS NULL OR p.on_day < s.valid_to)
 AND s.known_from <= p.known AND (s.known_to IS NULL OR p.known < s.known_to)
WHERE h.valid_from <= p.on_day AND (h.valid_to IS NULL OR p.on_day < h.valid_to)
 AND h.known_from <= p.known AND (h.known_to IS NULL OR p.known < h.known_to);

CREATE VIEW as_of_states AS -- how what can be held stands, whether or not anybody has it
SELECT s.ref, s.status, s.certainty, s.uncertain_because
FROM point p CROSS JOIN states s
WHERE s.valid_from <= p.on_day AND (s.valid_to IS NULL OR p.on_day < s.valid_to)
 AND s.known_from <= p.known AND (s.known_to IS NULL OR p.known < s.known_to);

CREATE VIEW as_of_names AS -- what organisations are called
SELECT n.organisation, n.kind, n.name, n.valid_from AS since
FROM point p CROSS JOIN names n
WHERE n.valid_from <= p.on_day AND (n.valid_to IS NULL OR p.on_day < n.valid_to)
 AND n.known_from <= p.known AND (n.known_to IS NULL OR p.known < n.known_to);

CREATE VIEW as_of_identifiers AS -- the codes that organisations have
SELECT i.organisation, i.scheme, i.value, i.valid_from AS since
FROM point p CROSS JOIN identifiers i
WHERE i.valid_from <= p.on_day AND (i.valid_to IS NULL OR p.on_day < i.valid_to)
 AND i.known_from <= p.known AND (i.known_to IS NULL OR p.known < i.known_to);

CREATE VIEW as_of_organisations AS -- what organisations are
SELECT o.organisation, o.status, l.name, g.name AS operating_name, o.form, u.organisation AS parent, u.role AS relation,
  o.established, o.ended, o.ended_how, o.ended_by, o.successors, o.certainty, o.uncertain_because
FROM point p CROSS JOIN organisations o
LEFT JOIN as_of_names l ON l.organisation = o.organisation AND l.kind = 'legal'
LEFT JOIN as_of_names g ON g.organisation = o.organisation AND g.kind = 'operating'
LEFT JOIN holdings u ON u.ref = 'organisation/' || o.organisation
 AND u.valid_from <= p.on_day AND (u.valid_to IS NULL OR p.on_day < u.valid_to)
 AND u.known_from <= p.known AND (u.known_to IS NULL OR p.known < u.known_to)
WHERE o.valid_from <= p.on_day AND (o.valid_to IS NULL OR p.on_day < o.valid_to)
 AND o.known_from <= p.known AND (o.known_to IS NULL OR p.known < o.known_to);

CREATE VIEW as_of_successions AS -- successions in effect
SELECT s.predecessor, s.successor, s.how, s.effective, s.valid_from AS day, s.seq
FROM point p CROSS JOIN successions s
WHERE s.valid_from <= p.on_day AND (s.valid_to IS NULL OR p.on_day < s.valid_to)
 AND s.known_from <= p.known AND (s.known_to IS NULL OR p.known < s.known_to);

CREATE VIEW as_of_appointments AS -- filled offices
SELECT a.office, a.organisation, a.title, a.person, a.person_id, a.acting, a.effective, a.valid_from AS since, a.seq
FROM point p CROSS JOIN appointments a
WHERE a.valid_from <= p.on_day AND (a.valid_to IS NULL OR p.on_day < a.valid_to)
 AND a.known_from <= p.known AND (a.known_to IS NULL OR p.known < a.known_to);

CREATE VIEW as_of_plans AS -- plans that stand announced
SELECT l.plan, l.title, l.status, l.expected, l.announced, l.announced_by, l.conditions, l.seq
FROM point p CROSS JOIN plans l
WHERE l.valid_from <= p.on_day AND (l.valid_to IS NULL OR p.on_day < l.valid_to)
 AND l.known_from <= p.known AND (l.known_to IS NULL OR p.known < l.known_to);

CREATE VIEW as_of_facts AS -- facts that are known and in effect
SELECT f.seq, f.version, f.type, f.about, f.effective, f.day, f.earliest, f.latest, f.fulfils, f.data
FROM point p CROSS JOIN facts f
WHERE f.day <= p.on_day AND f.known_from <= p.known AND (f.known_to IS NULL OR p.known < f.known_to);
`
