import type { Catalog } from "../catalog/table.ts";
import { EngineError } from "../common/engine-error.ts";
import { fullAccess, type Access } from "../security/access.ts";
import type { Session } from "./query-service.ts";

export function accessOfSession(session: Session): Access {
  return session.access ?? fullAccess;
}

/**
 * The catalog as a caller may see it: names that it may not read are not listed, and using one is an error. What a view
 * reads is its owner's affair, so behind it everything can be found.
 */
export function restrictedCatalog(catalog: Catalog, session: Session): Catalog {
  const { access } = session;
  if (access === undefined) return catalog;
  return {
    find(name) {
      if (access.canRead(name)) return catalog.find(name);
      // The same answer whether or not there is such a table, so that names cannot be probed.
      throw new EngineError("permission_denied", `permission denied for table ${name}`);
    },
    names: () => catalog.names().filter((name) => access.canRead(name)),
    behindViews: () => catalog,
  };
}

/** Throws permission_denied where the caller may not create, change or drop a relation. */
export function assertMayWrite(session: Session, relation: string): void {
  if (!accessOfSession(session).canWrite(relation))
    throw new EngineError("permission_denied", `permission denied to change ${relation}`);
}
