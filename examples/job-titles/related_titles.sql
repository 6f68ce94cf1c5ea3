-- @materialized table
-- @id id
-- @key job_title, related_title
-- @references job_title -> job_titles.job_title
-- @description Titles that are related to a job title, once each.

-- The related titles were one list: the columns behind the second hold its parts.
with cleaned as (
  select
    coalesce(
      nullif(regexp_replace(regexp_replace(lower(title), '^\s+|\s+$', '', 'g'), '[^a-z0-9\s]', '', 'g'), ''),
      'no data'
    ) as job_title,
    to_jsonb(t) - array['title', 'pdl_count', '_run_id', '_row'] as parts,
    _run_id,
    _row
  from {{ staging.2019_free_title_data }} t
), latest as (
  select *, max(_run_id) over (partition by job_title) as last_run_id from cleaned
), related as (
  select
    job_title,
    regexp_replace(lower(part.value), '^\s+|\s+$', '', 'g') as related_title,
    _row
  from latest, jsonb_each_text(parts) part
  where _run_id = last_run_id and part.value is not null
)
select job_title, related_title
from related
where related_title <> ''
group by job_title, related_title
order by min(_row), related_title
