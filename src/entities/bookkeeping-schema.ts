/** The Postgres schema of Sluice's own tables and of the stable views. */
export const BOOKKEEPING_SCHEMA = 'sluice';
