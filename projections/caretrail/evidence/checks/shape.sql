-- sqlite --
-- Every object of the file but those that belong to SQLite itself.
SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'

-- postgresql --
-- Every object of the schema: its kind, the table it is on, its name and its definition.
WITH tables AS (
    SELECT c.* FROM pg_class AS c WHERE c.relnamespace = 'caretrail'::regnamespace
)
SELECT 'table', c.relname::text, '', concat_ws(' ', c.relkind, c.relpersistence, c.relispartition,
                                               CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN 'row security' END)
  FROM tables AS c WHERE c.relkind NOT IN ('i', 'I', 't')
UNION ALL
SELECT 'column', c.relname::text, a.attname::text,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                 (SELECT 'COLLATE ' || k.collname FROM pg_collation AS k WHERE k.oid = a.attcollation AND k.collname <> 'default'),
                 (SELECT 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d
                   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
                 nullif(a.attidentity, ''), nullif(a.attgenerated, ''))
  FROM tables AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relkind NOT IN ('i', 'I', 't') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', coalesce(c.relname, t.typname)::text, k.conname::text,
       concat_ws(' ', pg_get_constraintdef(k.oid), CASE WHEN NOT k.convalidated THEN 'not validated' END)
  FROM pg_constraint AS k LEFT JOIN tables AS c ON c.oid = k.conrelid LEFT JOIN pg_type AS t ON t.oid = k.contypid
 WHERE k.connamespace = 'caretrail'::regnamespace AND k.contype NOT IN ('n', 't')
UNION ALL
SELECT 'index', c.relname::text, n.relname::text,
       concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'invalid' END)
  FROM pg_index AS i JOIN tables AS c ON c.oid = i.indrelid JOIN pg_class AS n ON n.oid = i.indexrelid
 WHERE c.relkind <> 't'
UNION ALL
SELECT 'trigger', c.relname::text, t.tgname::text, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
  FROM pg_trigger AS t JOIN tables AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', c.relname::text, r.rulename::text, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled)
  FROM pg_rewrite AS r JOIN tables AS c ON c.oid = r.ev_class
UNION ALL
SELECT 'policy', c.relname::text, p.polname::text, p.polcmd::text
  FROM pg_policy AS p JOIN tables AS c ON c.oid = p.polrelid
UNION ALL
SELECT 'child', p.relname::text, h.inhrelid::regclass::text, ''
  FROM pg_inherits AS h JOIN tables AS p ON p.oid = h.inhparent WHERE p.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'domain', '', t.typname::text, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typdefault)
  FROM pg_type AS t WHERE t.typnamespace = 'caretrail'::regnamespace AND t.typtype = 'd'
UNION ALL
SELECT 'function', '', concat(p.proname, '(', oidvectortypes(p.proargtypes), ')'),
       concat_ws(' ', p.prokind, format_type(p.prorettype, NULL), CASE WHEN p.proretset THEN 'set' END, l.lanname,
                 p.provolatile, CASE WHEN p.prosecdef THEN 'security definer' END, CASE WHEN p.proisstrict THEN 'strict' END,
                 array_to_string(p.proconfig, '; '), pg_get_expr(p.proargdefaults, 0), array_to_string(p.proargnames, ','),
                 encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'))
  FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = 'caretrail'::regnamespace

-- rights_postgresql --
-- Who may do what: the owner of each object, and every right that was granted. Empty for rights that owners have by nature.
WITH objects AS (
    SELECT 'table' AS kind, c.relname::text AS name, c.relowner AS owner, coalesce(c.relacl, acldefault('r', c.relowner)) AS acl
      FROM pg_class AS c WHERE c.relnamespace = 'caretrail'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT 'column', concat(c.relname, '.', a.attname), c.relowner, a.attacl
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'caretrail'::regnamespace AND a.attacl IS NOT NULL
    UNION ALL
    SELECT 'function', concat(p.proname, '(', oidvectortypes(p.proargtypes), ')'), p.proowner,
           coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_proc AS p WHERE p.pronamespace = 'caretrail'::regnamespace
    UNION ALL
    SELECT 'schema', n.nspname::text, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
      FROM pg_namespace AS n WHERE n.nspname = 'caretrail'
)
SELECT 'owner', kind, name, owner::regrole::text, '' FROM objects WHERE kind <> 'column'
UNION ALL
SELECT 'right', o.kind, o.name, CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
       g.privilege_type || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
  FROM objects AS o CROSS JOIN LATERAL aclexplode(o.acl) AS g
 WHERE g.privilege_type <> 'MAINTAIN'
   AND (g.grantee <> o.owner OR o.owner::regrole::text = 'caretrail_owner' AND o.kind = 'table')

-- roles_postgresql --
-- Whether the store was given roles: its log then belongs to their owner.
SELECT relowner::regrole::text = 'caretrail_owner' FROM pg_class WHERE oid = 'caretrail.log'::regclass
