import { RecordParser } from '../../formats/delimited/parse-record.ts';
import type { Evidence } from '../../formats/delimited/reads-on.ts';
import type { CopyJob } from '../copy/copy-job.ts';
import { isNull } from '../copy/take-apart.ts';

/** Where every column takes any text, lines of prose could pass for a few records by chance. */
const ENOUGH_OF_TEXT = 10;

/**
 * What shows that lines are records of a job: the right number of fields, and a value that fits where not every text
 * does. One value will do, for the type of another column may have been guessed wrong.
 */
export function evidenceOf(job: CopyJob): Evidence {
  const parser = new RecordParser(job.dialect);
  const telling = job.fields.filter((field) => field.checked);
  return {
    enough: telling.length > 0 ? 1 : ENOUGH_OF_TEXT,
    isSound: (record) => {
      const { fields } = parser.parse(record);
      if (fields === null || fields.length !== job.plan.columns.length) return false;
      if (telling.length === 0) return true;
      return telling.some(({ at, check }) => {
        const field = fields[at];
        return field !== undefined && !isNull(job, field) && check(field.value);
      });
    },
  };
}
