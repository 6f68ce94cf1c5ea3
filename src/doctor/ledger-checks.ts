import { type Check, sqlCheck } from './finding.ts';

const REPORT = 'This must not happen: keep the database as it is and report it with the log.';

/** Checks within the bookkeeping. */
export const LEDGER_CHECKS: readonly Check[] = [
  sqlCheck(
    'I1 accounts',
    'every published load job read as many records as it loaded, rejected and skipped',
    `select f.name || ', run ' || l.run_id as subject,
            format('%s read, but %s loaded, %s rejected and %s skipped', l.records_read, l.rows_loaded, l.rows_rejected, l.rows_skipped) as problem
       from sluice.load_job l join sluice.source_file f using (file_id)
      where l.status = 'published' and l.records_read <> l.rows_loaded + l.rows_rejected + l.rows_skipped
     union all
     select 'sluice.load_job', 'the constraint load_job_balanced, which keeps such loads out, is missing or not valid'
      where not exists (select from pg_constraint k where k.conname = 'load_job_balanced' and k.convalidated)`,
    REPORT,
  ),
  sqlCheck(
    'I1 rejects',
    'as many rejects are kept as were counted, each with its bytes',
    `select f.name || ', run ' || l.run_id as subject,
            format('%s records were rejected, %s of them are kept', l.rows_rejected, count(x.load_id)) as problem
       from sluice.load_job l
       join sluice.source_file f using (file_id)
       join sluice.run r on r.run_id = l.run_id and r.file_id = l.file_id
       left join sluice.reject x on x.load_id = l.load_id
      where l.status = 'published' and l.rows_rejected > 0
      group by l.load_id, f.name, l.run_id, l.rows_rejected
     having count(x.load_id) <> l.rows_rejected`,
    'Replay the file: `sluice replay RUN` loads it again and finds its rejects anew.',
  ),
  sqlCheck(
    'I2 one transaction',
    'a run, its file and its load jobs say the same',
    `select f.name || ', run ' || r.run_id as subject,
            format('the run is %s, the file %s, a load job %s', r.status, f.status, l.status) as problem
       from sluice.run r
       join sluice.source_file f on f.run_id = r.run_id
       left join sluice.load_job l on l.run_id = r.run_id and l.file_id = r.file_id
      where r.finished_at is not null
        and (f.finished_at is null or f.status <> r.status
             or (r.status = 'published' and not exists (
                   select from sluice.load_job p where p.file_id = r.file_id and p.status = 'published')))`,
    REPORT,
  ),
  sqlCheck(
    'I3 once',
    'no content is published twice in a dataset unless asked for',
    `select d.name as subject, format('content %s… is published by runs %s', left(l.content_sha256, 12),
            string_agg(l.run_id::text, ', ' order by l.run_id)) as problem
       from sluice.load_job l join sluice.dataset d using (dataset_id)
      where l.status = 'published' and not l.again
      group by d.name, l.dataset_id, l.content_sha256, coalesce(l.entry_name, '') having count(*) > 1
     union all
     select 'sluice.load_job', 'the unique index load_job_published_once is missing or invalid'
      where not exists (select from pg_index i join pg_class c on c.oid = i.indexrelid
                         where c.relname = 'load_job_published_once' and i.indisvalid and i.indisunique)`,
    'Retract the later run: `sluice retract RUN`.',
  ),
  sqlCheck(
    'I7 nobody waits',
    'no file waits longer than its turn takes',
    `select f.path as subject,
            format('%s since %s, tried %s times, next at %s', f.status, f.settled_at::timestamptz(0), f.attempts,
                   coalesce(f.next_attempt_at::timestamptz(0)::text, 'any time')) as problem
       from sluice.source_file f
      where f.finished_at is null and f.status <> 'detected' and f.settled_at < now() - interval '1 hour'
        and coalesce(f.next_attempt_at, f.settled_at) < now() - interval '10 minutes'`,
    '`sluice status` says what it waits for. When no service runs, start one, or run `sluice once` (`sluice load` for a file named on a command line).',
  ),
];
