/** What one role allows. Patterns name tables and views; `*` stands for any letters. */
export type Grants = { readonly read: readonly string[]; readonly write: readonly string[] };

/** What a caller may do with tables and views. */
export interface Access {
  canRead(relation: string): boolean;
  /** Create, replace, change and drop. */
  canWrite(relation: string): boolean;
}

export const fullAccess: Access = { canRead: () => true, canWrite: () => true };

/** Roles that exist without being defined. */
export const builtInRoles: Readonly<Record<string, Grants>> = {
  admin: { read: ["*"], write: ["*"] },
  reader: { read: ["*"], write: [] },
};

/** The union of what the roles allow; unknown roles allow nothing. Patterns may be written with the schema, `public.…`. */
export function accessOf(roles: readonly string[], defined: ReadonlyMap<string, Grants>): Access {
  const grants = roles.flatMap((role) => {
    const own = defined.get(role) ?? (Object.hasOwn(builtInRoles, role) ? builtInRoles[role] : undefined);
    return own === undefined ? [] : [own];
  });
  const matcher = (patterns: readonly string[]): ((relation: string) => boolean) => {
    const expressions = patterns.map(patternExpression);
    return (relation) => expressions.some((expression) => expression.test(relation));
  };
  return {
    canRead: matcher(grants.flatMap((grant) => grant.read)),
    canWrite: matcher(grants.flatMap((grant) => grant.write)),
  };
}

function patternExpression(pattern: string): RegExp {
  const own = pattern.replace(/^public\./, "");
  const text = own
    .split("*")
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`))
    .join(".*");
  return new RegExp(`^${text}$`, "su");
}
