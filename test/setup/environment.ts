import { VARIABLE_NAMES } from '../../src/config/environment.ts';

// The test runner itself sets DEV, and the developer's shell may set DATABASE_URL: neither may reach a test.
for (const name of VARIABLE_NAMES) delete process.env[name];
