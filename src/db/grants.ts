import type { Pool, PoolClient } from 'pg';

/** Statements that give a relation made anew the rights that its forerunner had. */
export async function readGrants(client: Pool | PoolClient, relation: string): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>(
    `select format('grant %s on %s to ', a.privilege_type, $2::text) || ${GRANTEE} as statement
       from pg_class c, aclexplode(c.relacl) a where c.oid = to_regclass($1) and a.grantee <> c.relowner`,
    [relation, relation],
  );
  return rows.map((row) => row.statement);
}

/** The same for rights on single columns; the new relation has to have them. */
export async function readColumnGrants(client: Pool | PoolClient, relation: string): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>(
    `select format('grant %s (%I) on %s to ', a.privilege_type, t.attname, $2::text) || ${GRANTEE} as statement
       from pg_class c join pg_attribute t on t.attrelid = c.oid and not t.attisdropped, aclexplode(t.attacl) a
      where c.oid = to_regclass($1) and a.grantee <> c.relowner`,
    [relation, relation],
  );
  return rows.map((row) => row.statement);
}

const GRANTEE = `case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end ||
        case when a.is_grantable then ' with grant option' else '' end`;
