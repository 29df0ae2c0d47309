/** Where all relations live, as metadata calls and information_schema name it. */
export const catalogName = "onager";
export const schemaName = "public";
