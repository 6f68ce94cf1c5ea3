import { afterAll, beforeAll, describe } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../database.ts';
import { describeChecks } from './checks-suite.ts';
import { describeEncoding } from './encoding-suite.ts';
import { describeReading } from './reading-suite.ts';
import { describeRescue } from './rescue-suite.ts';
import { describeValues } from './values-suite.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase('empty');
});

afterAll(() => database.drop());

describe('copying', () => {
  describeReading(() => database.pool, 400);
  describeValues(() => database.pool, 40);
  describeRescue(() => database.pool, 30);
  describeChecks(() => database.pool, 2000);
  describeEncoding(() => database.pool, 40);
});
