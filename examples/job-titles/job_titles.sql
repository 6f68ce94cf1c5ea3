-- @materialized table
-- @key job_title
-- @not_null pdl_count
-- @description Job titles, and how many people have them. Of a title that was delivered again the latest delivery counts.

-- Lower-cased, trimmed, and only then freed of everything but ASCII letters, digits and white space.
with cleaned as (
  select
    regexp_replace(regexp_replace(lower(title), '^\s+|\s+$', '', 'g'), '[^a-z0-9\s]', '', 'g') as cleaned_title,
    pdl_count,
    _run_id,
    _row
  from {{ staging.2019_free_title_data }}
)
select distinct on (job_title)
  coalesce(nullif(cleaned_title, ''), 'no data') as job_title,
  coalesce(pdl_count, 0)::int as pdl_count
from cleaned
order by job_title, _run_id desc, _row
