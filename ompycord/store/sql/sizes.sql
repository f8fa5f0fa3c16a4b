-- How large the database is.

-- name: pages
-- Its pages, those of them that are free, and the size of one.
SELECT (SELECT page_count FROM pragma_page_count) AS pages,
       (SELECT freelist_count FROM pragma_freelist_count) AS free,
       (SELECT page_size FROM pragma_page_size) AS size;

-- name: memory_items
-- What is remembered, by status.
SELECT status, count(*) AS number FROM memory_items GROUP BY status;
