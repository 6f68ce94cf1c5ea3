-- @description The ten titles that are related to the most job titles.
select related_title, count(*) as job_titles
from {{ warehouse.related_titles }}
group by related_title
order by job_titles desc, related_title
limit 10
