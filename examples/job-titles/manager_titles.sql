-- @description How many people have, on average, a title that is related to manager.
select round(avg(t.pdl_count)) as average_pdl_count
from {{ warehouse.job_titles }} t
join {{ warehouse.related_titles }} r using (job_title)
where r.related_title = 'manager'
