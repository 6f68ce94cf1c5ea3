import { describe, expect, it } from 'vitest';
import { graphOf, readImportGraph } from './architecture/import-graph.ts';
import { RULES } from './architecture/rules.ts';

/** Sources that break the rule of that name, and nothing else. */
const BREACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a folder does not import what it must not know': {
    'watcher/watch.ts': `import { pool } from '../db/pool.ts';`,
    'db/pool.ts': '',
  },
  'a stage imports only the result of the stage before it': {
    'pipelines/load/load.ts': `import {\n  planColumns,\n} from '../plan/plan-columns.ts';`,
    'pipelines/plan/plan-columns.ts': '',
  },
  'only files directly in pipelines know several stages': {
    'queue/dispatch.ts': `export { load } from '../pipelines/load/load.ts';`,
    'pipelines/load/load.ts': '',
  },
  'entities are imported as types outside db, schema-init and ledger': {
    'cli/status.ts': `import { Run } from '../entities/run.ts';`,
    'entities/run.ts': '',
  },
  'errors.ts imports its own parts and nothing else': {
    'errors.ts': `import type { Settings } from './settings.ts';`,
    'settings.ts': '',
  },
  'there is no grab-bag folder': { 'formats/utils/text.ts': '' },
  'only main.ts knows both watcher and pipelines': {
    'cli/once.ts': `import { a } from '../watcher/a.ts';\nconst b = await import('../pipelines/run-pipeline.ts');`,
    'watcher/a.ts': '',
    'pipelines/run-pipeline.ts': '',
  },
  'every imported file exists': { 'log.ts': `import './gone.ts';` },
  'there are no cycles': {
    'formats/a.ts': `import { b } from './b.ts';`,
    'formats/b.ts': `import { type C, c } from './c.ts';`,
    'formats/c.ts': `import * as a from './a.ts';`,
  },
};

describe('architecture', () => {
  const graph = readImportGraph('src');

  it('is read from the sources, imports and all', () => {
    expect(graph.files).toContain('config/load-settings.ts');
    expect(graph.imports).toContainEqual({
      from: 'config/load-settings.ts',
      to: 'config/settings.ts',
      typeOnly: true,
    });
    expect(graph.imports).toContainEqual({
      from: 'config/load-settings.ts',
      to: 'errors.ts',
      typeOnly: false,
    });
  });

  for (const [name, rule] of Object.entries(RULES)) {
    it(`holds: ${name}`, () => expect(rule(graph)).toEqual([]));

    it(`guard fires on a breach, alone: ${name}`, () => {
      const bad = graphOf(BREACHES[name] ?? {});
      const fired = Object.keys(RULES).filter((other) => (RULES[other]?.(bad).length ?? 0) > 0);
      expect(fired).toEqual([name]);
    });
  }

  it('allows what the design allows', () => {
    const good = graphOf({
      'main.ts': `import './watcher/a.ts';\nimport './pipelines/run-pipeline.ts';`,
      'watcher/a.ts': `// import './pipelines/run-pipeline.ts'\n/* import { x } from '../db/x.ts'; */`,
      'pipelines/run-pipeline.ts': `import './plan/plan.ts';\nimport './load/load.ts';`,
      'pipelines/plan/plan.ts': `import type { Identified } from '../identify/identified.ts';`,
      'pipelines/load/load.ts': `import type { RunPlan } from '../plan/run-plan.ts';\nimport type { Run } from '../../entities/run.ts';`,
      'pipelines/identify/identified.ts': `export const text = "import x from './nowhere'";`,
      'pipelines/plan/run-plan.ts': '',
      'entities/run.ts': `import type { File } from './file.ts';`,
      'entities/file.ts': `import type { Run } from './run.ts';`,
    });
    expect(Object.values(RULES).flatMap((rule) => rule(good))).toEqual([]);
  });
});
