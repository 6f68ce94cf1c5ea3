-- @description The ten job titles with the most related titles, and how many people have them.
select t.job_title, t.pdl_count, count(*) as related_titles
from {{ warehouse.job_titles }} t
join {{ warehouse.related_titles }} r using (job_title)
group by t.job_title, t.pdl_count
order by related_titles desc, t.job_title
limit 10
