// Made by scripts/gen-protos.ts from protos/; do not edit.
// 64-bit integers are numbers: exact up to 2^53, which row counts and byte sizes stay below.

export type TaskId = {
  readonly jobId: string;
  readonly stageId: number;
  readonly task: number;
  readonly attempt: number;
};

export type PlainError = {
  readonly code: string;
  readonly message: string;
  readonly span?: PlainErrorSpan | undefined;
  readonly hint?: string | undefined;
  readonly file?: string | undefined;
  readonly fetchFailed?: PlainErrorFetchFailed | undefined;
};

export type PlainErrorSpan = {
  readonly start: number;
  readonly end: number;
};

export type PlainErrorFetchFailed = {
  readonly executorId: string;
  readonly stageId: number;
  readonly partition: number;
};

export type ExecutorDescription = {
  readonly executorId: string;
  readonly host: string;
  readonly port: number;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly version: string;
  readonly protocolVersion: number;
};

export type PartitionSize = {
  readonly partition: number;
  readonly rowCount: number;
  readonly byteSize: number;
};

export type OperatorMetrics = {
  readonly name: string;
  readonly rowCount: number;
  readonly batchCount: number;
  readonly selfMicros: number;
  readonly peakBytes: number;
  readonly counters: Readonly<Record<string, number>>;
};

export type Register = {
  readonly executor?: ExecutorDescription | undefined;
  readonly running: readonly TaskId[];
  readonly jobs: readonly string[];
};

export type Heartbeat = {
  readonly running: readonly TaskId[];
  readonly storeBytes: number;
};

export type TaskStarted = {
  readonly task?: TaskId | undefined;
};

export type TaskFinished = {
  readonly task?: TaskId | undefined;
  readonly partitions: readonly PartitionSize[];
  readonly operators: readonly OperatorMetrics[];
};

export type TaskFailed = {
  readonly task?: TaskId | undefined;
  readonly error?: PlainError | undefined;
};

export type ResultRead = {
  readonly task?: TaskId | undefined;
};

export type ResultAbandoned = {
  readonly task?: TaskId | undefined;
};

export type Draining = Readonly<Record<never, never>>;

export type Left = Readonly<Record<never, never>>;

export type ExecutorMessage = {
  readonly register?: Register | undefined;
  readonly heartbeat?: Heartbeat | undefined;
  readonly taskStarted?: TaskStarted | undefined;
  readonly taskFinished?: TaskFinished | undefined;
  readonly taskFailed?: TaskFailed | undefined;
  readonly draining?: Draining | undefined;
  readonly resultRead?: ResultRead | undefined;
  readonly resultAbandoned?: ResultAbandoned | undefined;
  readonly left?: Left | undefined;
};

export type Registered = {
  readonly heartbeatIntervalMs: number;
};

export type Refused = {
  readonly error?: PlainError | undefined;
  readonly leader: string;
};

export type StagePlan = {
  readonly jobId: string;
  readonly stageId: number;
  readonly plan: Uint8Array;
};

export type ScanSplit = {
  readonly path: string;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly byteSize: number;
};

export type ScanSplits = {
  readonly scanId: number;
  readonly splits: readonly ScanSplit[];
};

export type InputSource = {
  readonly task?: TaskId | undefined;
  readonly executorId: string;
  readonly host: string;
  readonly port: number;
};

export type StageInput = {
  readonly stageId: number;
  readonly partition: number;
  readonly sources: readonly InputSource[];
};

export type Launch = {
  readonly task?: TaskId | undefined;
  readonly splits: readonly ScanSplits[];
  readonly inputs: readonly StageInput[];
};

export type CancelJob = {
  readonly jobId: string;
  readonly error?: PlainError | undefined;
};

export type ReleaseJob = {
  readonly jobId: string;
};

export type SchedulerMessage = {
  readonly registered?: Registered | undefined;
  readonly refused?: Refused | undefined;
  readonly stage?: StagePlan | undefined;
  readonly launch?: Launch | undefined;
  readonly cancelJob?: CancelJob | undefined;
  readonly releaseJob?: ReleaseJob | undefined;
};

export type ResultTicket = {
  readonly jobId: string;
  readonly stageId: number;
  readonly task: number;
  readonly attempt: number;
  readonly partition: number;
  readonly executorId: string;
};

export type TicketPayload = {
  readonly result?: ResultTicket | undefined;
  readonly command?: Uint8Array | undefined;
  readonly emptySchema?: Uint8Array | undefined;
  readonly expiresMs: number;
};

export type TicketEnvelope = {
  readonly magic: number;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
};

export type QueryReference = {
  readonly queryId: string;
};

export type PollQuery = {
  readonly queryId: string;
  readonly seen: number;
};

export type CommandGetSqlInfo = {
  readonly info: readonly number[];
};

export type CommandGetXdbcTypeInfo = {
  readonly dataType?: number | undefined;
};

export type CommandGetCatalogs = Readonly<Record<never, never>>;

export type CommandGetDbSchemas = {
  readonly catalog?: string | undefined;
  readonly dbSchemaFilterPattern?: string | undefined;
};

export type CommandGetTables = {
  readonly catalog?: string | undefined;
  readonly dbSchemaFilterPattern?: string | undefined;
  readonly tableNameFilterPattern?: string | undefined;
  readonly tableTypes: readonly string[];
  readonly includeSchema: boolean;
};

export type CommandGetTableTypes = Readonly<Record<never, never>>;

export type CommandGetPrimaryKeys = {
  readonly catalog?: string | undefined;
  readonly dbSchema?: string | undefined;
  readonly table: string;
};

export type CommandGetExportedKeys = {
  readonly catalog?: string | undefined;
  readonly dbSchema?: string | undefined;
  readonly table: string;
};

export type CommandGetImportedKeys = {
  readonly catalog?: string | undefined;
  readonly dbSchema?: string | undefined;
  readonly table: string;
};

export type CommandGetCrossReference = {
  readonly pkCatalog?: string | undefined;
  readonly pkDbSchema?: string | undefined;
  readonly pkTable: string;
  readonly fkCatalog?: string | undefined;
  readonly fkDbSchema?: string | undefined;
  readonly fkTable: string;
};

export type CommandStatementQuery = {
  readonly query: string;
  readonly transactionId?: Uint8Array | undefined;
};

export type SubstraitPlan = {
  readonly plan: Uint8Array;
  readonly version: string;
};

export type CommandStatementSubstraitPlan = {
  readonly plan?: SubstraitPlan | undefined;
  readonly transactionId?: Uint8Array | undefined;
};

export type CommandPreparedStatementQuery = {
  readonly preparedStatementHandle: Uint8Array;
};

export type CommandStatementUpdate = {
  readonly query: string;
  readonly transactionId?: Uint8Array | undefined;
};

export type CommandPreparedStatementUpdate = {
  readonly preparedStatementHandle: Uint8Array;
};

export type CommandStatementIngest = {
  readonly tableDefinitionOptions?: CommandStatementIngestTableDefinitionOptions | undefined;
  readonly table: string;
  readonly schema?: string | undefined;
  readonly catalog?: string | undefined;
  readonly temporary: boolean;
  readonly transactionId?: Uint8Array | undefined;
  readonly options: Readonly<Record<string, string>>;
};

export type CommandStatementIngestTableDefinitionOptions = {
  readonly ifNotExist: number;
  readonly ifExists: number;
};

export type TicketStatementQuery = {
  readonly statementHandle: Uint8Array;
};

export type DoPutUpdateResult = {
  readonly recordCount: number;
};

export type DoPutPreparedStatementResult = {
  readonly preparedStatementHandle?: Uint8Array | undefined;
};

export type ActionCreatePreparedStatementRequest = {
  readonly query: string;
  readonly transactionId?: Uint8Array | undefined;
};

export type ActionCreatePreparedSubstraitPlanRequest = {
  readonly plan?: SubstraitPlan | undefined;
  readonly transactionId?: Uint8Array | undefined;
};

export type ActionCreatePreparedStatementResult = {
  readonly preparedStatementHandle: Uint8Array;
  readonly datasetSchema: Uint8Array;
  readonly parameterSchema: Uint8Array;
  readonly isUpdate?: boolean | undefined;
};

export type ActionClosePreparedStatementRequest = {
  readonly preparedStatementHandle: Uint8Array;
};

export type ActionBeginTransactionRequest = Readonly<Record<never, never>>;

export type ActionBeginTransactionResult = {
  readonly transactionId: Uint8Array;
};

export type ActionBeginSavepointRequest = {
  readonly transactionId: Uint8Array;
  readonly name: string;
};

export type ActionBeginSavepointResult = {
  readonly savepointId: Uint8Array;
};

export type ActionEndTransactionRequest = {
  readonly transactionId: Uint8Array;
  readonly action: number;
};

export type ActionEndSavepointRequest = {
  readonly savepointId: Uint8Array;
  readonly action: number;
};

export type ActionCancelQueryRequest = {
  readonly info: Uint8Array;
};

export type ActionCancelQueryResult = {
  readonly result: number;
};

export type HandshakeRequest = {
  readonly protocolVersion: number;
  readonly payload: Uint8Array;
};

export type HandshakeResponse = {
  readonly protocolVersion: number;
  readonly payload: Uint8Array;
};

export type BasicAuth = {
  readonly username: string;
  readonly password: string;
};

export type Empty = Readonly<Record<never, never>>;

export type ActionType = {
  readonly type: string;
  readonly description: string;
};

export type Criteria = {
  readonly expression: Uint8Array;
};

export type Action = {
  readonly type: string;
  readonly body: Uint8Array;
};

export type Result = {
  readonly body: Uint8Array;
};

export type SchemaResult = {
  readonly schema: Uint8Array;
};

export type FlightDescriptor = {
  readonly type: number;
  readonly cmd: Uint8Array;
  readonly path: readonly string[];
};

export type FlightInfo = {
  readonly schema: Uint8Array;
  readonly flightDescriptor?: FlightDescriptor | undefined;
  readonly endpoint: readonly FlightEndpoint[];
  readonly totalRecords: number;
  readonly totalBytes: number;
  readonly ordered: boolean;
  readonly appMetadata: Uint8Array;
};

export type PollInfo = {
  readonly info?: FlightInfo | undefined;
  readonly flightDescriptor?: FlightDescriptor | undefined;
  readonly progress?: number | undefined;
  readonly expirationTime?: Timestamp | undefined;
};

export type CancelFlightInfoRequest = {
  readonly info?: FlightInfo | undefined;
};

export type CancelFlightInfoResult = {
  readonly status: number;
};

export type Ticket = {
  readonly ticket: Uint8Array;
};

export type Location = {
  readonly uri: string;
};

export type FlightEndpoint = {
  readonly ticket?: Ticket | undefined;
  readonly location: readonly Location[];
  readonly expirationTime?: Timestamp | undefined;
  readonly appMetadata: Uint8Array;
};

export type RenewFlightEndpointRequest = {
  readonly endpoint?: FlightEndpoint | undefined;
};

export type FlightData = {
  readonly flightDescriptor?: FlightDescriptor | undefined;
  readonly dataHeader: Uint8Array;
  readonly appMetadata: Uint8Array;
  readonly dataBody: Uint8Array;
};

export type PutResult = {
  readonly appMetadata: Uint8Array;
};

export type SessionOptionValue = {
  readonly stringValue?: string | undefined;
  readonly boolValue?: boolean | undefined;
  readonly int64Value?: number | undefined;
  readonly doubleValue?: number | undefined;
  readonly stringListValue?: SessionOptionValueStringListValue | undefined;
};

export type SessionOptionValueStringListValue = {
  readonly values: readonly string[];
};

export type SetSessionOptionsRequest = {
  readonly sessionOptions: Readonly<Record<string, SessionOptionValue>>;
};

export type SetSessionOptionsResult = {
  readonly errors: Readonly<Record<string, SetSessionOptionsResultError>>;
};

export type SetSessionOptionsResultError = {
  readonly value: number;
};

export type GetSessionOptionsRequest = Readonly<Record<never, never>>;

export type GetSessionOptionsResult = {
  readonly sessionOptions: Readonly<Record<string, SessionOptionValue>>;
};

export type CloseSessionRequest = Readonly<Record<never, never>>;

export type CloseSessionResult = {
  readonly status: number;
};

export type Timestamp = {
  readonly seconds: number;
  readonly nanos: number;
};

export type HealthCheckRequest = {
  readonly service: string;
};

export type HealthCheckResponse = {
  readonly status: number;
};

export const CommandStatementIngestTableDefinitionOptionsTableNotExistOption = {
  TABLE_NOT_EXIST_OPTION_UNSPECIFIED: 0,
  TABLE_NOT_EXIST_OPTION_CREATE: 1,
  TABLE_NOT_EXIST_OPTION_FAIL: 2,
} as const;

export const CommandStatementIngestTableDefinitionOptionsTableExistsOption = {
  TABLE_EXISTS_OPTION_UNSPECIFIED: 0,
  TABLE_EXISTS_OPTION_FAIL: 1,
  TABLE_EXISTS_OPTION_APPEND: 2,
  TABLE_EXISTS_OPTION_REPLACE: 3,
} as const;

export const ActionEndTransactionRequestEndTransaction = {
  END_TRANSACTION_UNSPECIFIED: 0,
  END_TRANSACTION_COMMIT: 1,
  END_TRANSACTION_ROLLBACK: 2,
} as const;

export const ActionEndSavepointRequestEndSavepoint = {
  END_SAVEPOINT_UNSPECIFIED: 0,
  END_SAVEPOINT_RELEASE: 1,
  END_SAVEPOINT_ROLLBACK: 2,
} as const;

export const ActionCancelQueryResultCancelResult = {
  CANCEL_RESULT_UNSPECIFIED: 0,
  CANCEL_RESULT_CANCELLED: 1,
  CANCEL_RESULT_CANCELLING: 2,
  CANCEL_RESULT_NOT_CANCELLABLE: 3,
} as const;

export const SqlInfo = {
  FLIGHT_SQL_SERVER_NAME: 0,
  FLIGHT_SQL_SERVER_VERSION: 1,
  FLIGHT_SQL_SERVER_ARROW_VERSION: 2,
  FLIGHT_SQL_SERVER_READ_ONLY: 3,
  FLIGHT_SQL_SERVER_SQL: 4,
  FLIGHT_SQL_SERVER_SUBSTRAIT: 5,
  FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION: 6,
  FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION: 7,
  FLIGHT_SQL_SERVER_TRANSACTION: 8,
  FLIGHT_SQL_SERVER_CANCEL: 9,
  FLIGHT_SQL_SERVER_BULK_INGESTION: 10,
  FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED: 11,
  FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT: 100,
  FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT: 101,
  SQL_DDL_CATALOG: 500,
  SQL_DDL_SCHEMA: 501,
  SQL_DDL_TABLE: 502,
  SQL_IDENTIFIER_CASE: 503,
  SQL_IDENTIFIER_QUOTE_CHAR: 504,
  SQL_QUOTED_IDENTIFIER_CASE: 505,
  SQL_ALL_TABLES_ARE_SELECTABLE: 506,
  SQL_NULL_ORDERING: 507,
  SQL_KEYWORDS: 508,
  SQL_NUMERIC_FUNCTIONS: 509,
  SQL_STRING_FUNCTIONS: 510,
  SQL_SYSTEM_FUNCTIONS: 511,
  SQL_DATETIME_FUNCTIONS: 512,
  SQL_SEARCH_STRING_ESCAPE: 513,
  SQL_EXTRA_NAME_CHARACTERS: 514,
  SQL_SUPPORTS_COLUMN_ALIASING: 515,
  SQL_NULL_PLUS_NULL_IS_NULL: 516,
  SQL_SUPPORTS_CONVERT: 517,
  SQL_SUPPORTS_TABLE_CORRELATION_NAMES: 518,
  SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: 519,
  SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY: 520,
  SQL_SUPPORTS_ORDER_BY_UNRELATED: 521,
  SQL_SUPPORTED_GROUP_BY: 522,
  SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE: 523,
  SQL_SUPPORTS_NON_NULLABLE_COLUMNS: 524,
  SQL_SUPPORTED_GRAMMAR: 525,
  SQL_ANSI92_SUPPORTED_LEVEL: 526,
  SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: 527,
  SQL_OUTER_JOINS_SUPPORT_LEVEL: 528,
  SQL_SCHEMA_TERM: 529,
  SQL_PROCEDURE_TERM: 530,
  SQL_CATALOG_TERM: 531,
  SQL_CATALOG_AT_START: 532,
  SQL_SCHEMAS_SUPPORTED_ACTIONS: 533,
  SQL_CATALOGS_SUPPORTED_ACTIONS: 534,
  SQL_SUPPORTED_POSITIONED_COMMANDS: 535,
  SQL_SELECT_FOR_UPDATE_SUPPORTED: 536,
  SQL_STORED_PROCEDURES_SUPPORTED: 537,
  SQL_SUPPORTED_SUBQUERIES: 538,
  SQL_CORRELATED_SUBQUERIES_SUPPORTED: 539,
  SQL_SUPPORTED_UNIONS: 540,
  SQL_MAX_BINARY_LITERAL_LENGTH: 541,
  SQL_MAX_CHAR_LITERAL_LENGTH: 542,
  SQL_MAX_COLUMN_NAME_LENGTH: 543,
  SQL_MAX_COLUMNS_IN_GROUP_BY: 544,
  SQL_MAX_COLUMNS_IN_INDEX: 545,
  SQL_MAX_COLUMNS_IN_ORDER_BY: 546,
  SQL_MAX_COLUMNS_IN_SELECT: 547,
  SQL_MAX_COLUMNS_IN_TABLE: 548,
  SQL_MAX_CONNECTIONS: 549,
  SQL_MAX_CURSOR_NAME_LENGTH: 550,
  SQL_MAX_INDEX_LENGTH: 551,
  SQL_DB_SCHEMA_NAME_LENGTH: 552,
  SQL_MAX_PROCEDURE_NAME_LENGTH: 553,
  SQL_MAX_CATALOG_NAME_LENGTH: 554,
  SQL_MAX_ROW_SIZE: 555,
  SQL_MAX_ROW_SIZE_INCLUDES_BLOBS: 556,
  SQL_MAX_STATEMENT_LENGTH: 557,
  SQL_MAX_STATEMENTS: 558,
  SQL_MAX_TABLE_NAME_LENGTH: 559,
  SQL_MAX_TABLES_IN_SELECT: 560,
  SQL_MAX_USERNAME_LENGTH: 561,
  SQL_DEFAULT_TRANSACTION_ISOLATION: 562,
  SQL_TRANSACTIONS_SUPPORTED: 563,
  SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: 564,
  SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: 565,
  SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: 566,
  SQL_SUPPORTED_RESULT_SET_TYPES: 567,
  SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: 568,
  SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: 569,
  SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: 570,
  SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: 571,
  SQL_BATCH_UPDATES_SUPPORTED: 572,
  SQL_SAVEPOINTS_SUPPORTED: 573,
  SQL_NAMED_PARAMETERS_SUPPORTED: 574,
  SQL_LOCATORS_UPDATE_COPY: 575,
  SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: 576,
} as const;

export const XdbcDataType = {
  XDBC_UNKNOWN_TYPE: 0,
  XDBC_CHAR: 1,
  XDBC_NUMERIC: 2,
  XDBC_DECIMAL: 3,
  XDBC_INTEGER: 4,
  XDBC_SMALLINT: 5,
  XDBC_FLOAT: 6,
  XDBC_REAL: 7,
  XDBC_DOUBLE: 8,
  XDBC_DATETIME: 9,
  XDBC_INTERVAL: 10,
  XDBC_VARCHAR: 12,
  XDBC_DATE: 91,
  XDBC_TIME: 92,
  XDBC_TIMESTAMP: 93,
  XDBC_LONGVARCHAR: -1,
  XDBC_BINARY: -2,
  XDBC_VARBINARY: -3,
  XDBC_LONGVARBINARY: -4,
  XDBC_BIGINT: -5,
  XDBC_TINYINT: -6,
  XDBC_BIT: -7,
  XDBC_WCHAR: -8,
  XDBC_WVARCHAR: -9,
} as const;

export const XdbcDatetimeSubcode = {
  XDBC_SUBCODE_UNKNOWN: 0,
  XDBC_SUBCODE_DATE: 1,
  XDBC_SUBCODE_TIME: 2,
  XDBC_SUBCODE_TIMESTAMP: 3,
  XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE: 5,
} as const;

export const SqlSupportsConvert = {
  SQL_CONVERT_BIGINT: 0,
  SQL_CONVERT_BINARY: 1,
  SQL_CONVERT_BIT: 2,
  SQL_CONVERT_CHAR: 3,
  SQL_CONVERT_DATE: 4,
  SQL_CONVERT_DECIMAL: 5,
  SQL_CONVERT_FLOAT: 6,
  SQL_CONVERT_INTEGER: 7,
  SQL_CONVERT_INTERVAL_DAY_TIME: 8,
  SQL_CONVERT_INTERVAL_YEAR_MONTH: 9,
  SQL_CONVERT_LONGVARBINARY: 10,
  SQL_CONVERT_LONGVARCHAR: 11,
  SQL_CONVERT_NUMERIC: 12,
  SQL_CONVERT_REAL: 13,
  SQL_CONVERT_SMALLINT: 14,
  SQL_CONVERT_TIME: 15,
  SQL_CONVERT_TIMESTAMP: 16,
  SQL_CONVERT_TINYINT: 17,
  SQL_CONVERT_VARBINARY: 18,
  SQL_CONVERT_VARCHAR: 19,
} as const;

export const FlightDescriptorDescriptorType = {
  UNKNOWN: 0,
  PATH: 1,
  CMD: 2,
} as const;

export const CancelStatus = {
  CANCEL_STATUS_UNSPECIFIED: 0,
  CANCEL_STATUS_CANCELLED: 1,
  CANCEL_STATUS_CANCELLING: 2,
  CANCEL_STATUS_NOT_CANCELLABLE: 3,
} as const;

export const SetSessionOptionsResultErrorValue = {
  UNSPECIFIED: 0,
  INVALID_NAME: 1,
  INVALID_VALUE: 2,
  ERROR: 3,
} as const;

export const CloseSessionResultStatus = {
  UNSPECIFIED: 0,
  CLOSED: 1,
  CLOSING: 2,
  NOT_CLOSEABLE: 3,
} as const;

export const HealthCheckResponseServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

/** Message types by full name. */
export type ProtoMessages = {
  "onager.control.v1.TaskId": TaskId;
  "onager.control.v1.PlainError": PlainError;
  "onager.control.v1.PlainError.Span": PlainErrorSpan;
  "onager.control.v1.PlainError.FetchFailed": PlainErrorFetchFailed;
  "onager.control.v1.ExecutorDescription": ExecutorDescription;
  "onager.control.v1.PartitionSize": PartitionSize;
  "onager.control.v1.OperatorMetrics": OperatorMetrics;
  "onager.control.v1.Register": Register;
  "onager.control.v1.Heartbeat": Heartbeat;
  "onager.control.v1.TaskStarted": TaskStarted;
  "onager.control.v1.TaskFinished": TaskFinished;
  "onager.control.v1.TaskFailed": TaskFailed;
  "onager.control.v1.ResultRead": ResultRead;
  "onager.control.v1.ResultAbandoned": ResultAbandoned;
  "onager.control.v1.Draining": Draining;
  "onager.control.v1.Left": Left;
  "onager.control.v1.ExecutorMessage": ExecutorMessage;
  "onager.control.v1.Registered": Registered;
  "onager.control.v1.Refused": Refused;
  "onager.control.v1.StagePlan": StagePlan;
  "onager.control.v1.ScanSplit": ScanSplit;
  "onager.control.v1.ScanSplits": ScanSplits;
  "onager.control.v1.InputSource": InputSource;
  "onager.control.v1.StageInput": StageInput;
  "onager.control.v1.Launch": Launch;
  "onager.control.v1.CancelJob": CancelJob;
  "onager.control.v1.ReleaseJob": ReleaseJob;
  "onager.control.v1.SchedulerMessage": SchedulerMessage;
  "onager.flight.v1.ResultTicket": ResultTicket;
  "onager.flight.v1.TicketPayload": TicketPayload;
  "onager.flight.v1.TicketEnvelope": TicketEnvelope;
  "onager.flight.v1.QueryReference": QueryReference;
  "onager.flight.v1.PollQuery": PollQuery;
  "arrow.flight.protocol.sql.CommandGetSqlInfo": CommandGetSqlInfo;
  "arrow.flight.protocol.sql.CommandGetXdbcTypeInfo": CommandGetXdbcTypeInfo;
  "arrow.flight.protocol.sql.CommandGetCatalogs": CommandGetCatalogs;
  "arrow.flight.protocol.sql.CommandGetDbSchemas": CommandGetDbSchemas;
  "arrow.flight.protocol.sql.CommandGetTables": CommandGetTables;
  "arrow.flight.protocol.sql.CommandGetTableTypes": CommandGetTableTypes;
  "arrow.flight.protocol.sql.CommandGetPrimaryKeys": CommandGetPrimaryKeys;
  "arrow.flight.protocol.sql.CommandGetExportedKeys": CommandGetExportedKeys;
  "arrow.flight.protocol.sql.CommandGetImportedKeys": CommandGetImportedKeys;
  "arrow.flight.protocol.sql.CommandGetCrossReference": CommandGetCrossReference;
  "arrow.flight.protocol.sql.CommandStatementQuery": CommandStatementQuery;
  "arrow.flight.protocol.sql.SubstraitPlan": SubstraitPlan;
  "arrow.flight.protocol.sql.CommandStatementSubstraitPlan": CommandStatementSubstraitPlan;
  "arrow.flight.protocol.sql.CommandPreparedStatementQuery": CommandPreparedStatementQuery;
  "arrow.flight.protocol.sql.CommandStatementUpdate": CommandStatementUpdate;
  "arrow.flight.protocol.sql.CommandPreparedStatementUpdate": CommandPreparedStatementUpdate;
  "arrow.flight.protocol.sql.CommandStatementIngest": CommandStatementIngest;
  "arrow.flight.protocol.sql.CommandStatementIngest.TableDefinitionOptions": CommandStatementIngestTableDefinitionOptions;
  "arrow.flight.protocol.sql.TicketStatementQuery": TicketStatementQuery;
  "arrow.flight.protocol.sql.DoPutUpdateResult": DoPutUpdateResult;
  "arrow.flight.protocol.sql.DoPutPreparedStatementResult": DoPutPreparedStatementResult;
  "arrow.flight.protocol.sql.ActionCreatePreparedStatementRequest": ActionCreatePreparedStatementRequest;
  "arrow.flight.protocol.sql.ActionCreatePreparedSubstraitPlanRequest": ActionCreatePreparedSubstraitPlanRequest;
  "arrow.flight.protocol.sql.ActionCreatePreparedStatementResult": ActionCreatePreparedStatementResult;
  "arrow.flight.protocol.sql.ActionClosePreparedStatementRequest": ActionClosePreparedStatementRequest;
  "arrow.flight.protocol.sql.ActionBeginTransactionRequest": ActionBeginTransactionRequest;
  "arrow.flight.protocol.sql.ActionBeginTransactionResult": ActionBeginTransactionResult;
  "arrow.flight.protocol.sql.ActionBeginSavepointRequest": ActionBeginSavepointRequest;
  "arrow.flight.protocol.sql.ActionBeginSavepointResult": ActionBeginSavepointResult;
  "arrow.flight.protocol.sql.ActionEndTransactionRequest": ActionEndTransactionRequest;
  "arrow.flight.protocol.sql.ActionEndSavepointRequest": ActionEndSavepointRequest;
  "arrow.flight.protocol.sql.ActionCancelQueryRequest": ActionCancelQueryRequest;
  "arrow.flight.protocol.sql.ActionCancelQueryResult": ActionCancelQueryResult;
  "arrow.flight.protocol.HandshakeRequest": HandshakeRequest;
  "arrow.flight.protocol.HandshakeResponse": HandshakeResponse;
  "arrow.flight.protocol.BasicAuth": BasicAuth;
  "arrow.flight.protocol.Empty": Empty;
  "arrow.flight.protocol.ActionType": ActionType;
  "arrow.flight.protocol.Criteria": Criteria;
  "arrow.flight.protocol.Action": Action;
  "arrow.flight.protocol.Result": Result;
  "arrow.flight.protocol.SchemaResult": SchemaResult;
  "arrow.flight.protocol.FlightDescriptor": FlightDescriptor;
  "arrow.flight.protocol.FlightInfo": FlightInfo;
  "arrow.flight.protocol.PollInfo": PollInfo;
  "arrow.flight.protocol.CancelFlightInfoRequest": CancelFlightInfoRequest;
  "arrow.flight.protocol.CancelFlightInfoResult": CancelFlightInfoResult;
  "arrow.flight.protocol.Ticket": Ticket;
  "arrow.flight.protocol.Location": Location;
  "arrow.flight.protocol.FlightEndpoint": FlightEndpoint;
  "arrow.flight.protocol.RenewFlightEndpointRequest": RenewFlightEndpointRequest;
  "arrow.flight.protocol.FlightData": FlightData;
  "arrow.flight.protocol.PutResult": PutResult;
  "arrow.flight.protocol.SessionOptionValue": SessionOptionValue;
  "arrow.flight.protocol.SessionOptionValue.StringListValue": SessionOptionValueStringListValue;
  "arrow.flight.protocol.SetSessionOptionsRequest": SetSessionOptionsRequest;
  "arrow.flight.protocol.SetSessionOptionsResult": SetSessionOptionsResult;
  "arrow.flight.protocol.SetSessionOptionsResult.Error": SetSessionOptionsResultError;
  "arrow.flight.protocol.GetSessionOptionsRequest": GetSessionOptionsRequest;
  "arrow.flight.protocol.GetSessionOptionsResult": GetSessionOptionsResult;
  "arrow.flight.protocol.CloseSessionRequest": CloseSessionRequest;
  "arrow.flight.protocol.CloseSessionResult": CloseSessionResult;
  "google.protobuf.Timestamp": Timestamp;
  "grpc.health.v1.HealthCheckRequest": HealthCheckRequest;
  "grpc.health.v1.HealthCheckResponse": HealthCheckResponse;
};

/** For protobuf.Root.fromJSON. */
export const protoDescriptor = {
  "nested": {
    "onager": {
      "nested": {
        "control": {
          "nested": {
            "v1": {
              "nested": {
                "Control": {
                  "methods": {
                    "Connect": {
                      "requestType": "ExecutorMessage",
                      "requestStream": true,
                      "responseType": "SchedulerMessage",
                      "responseStream": true
                    }
                  }
                },
                "TaskId": {
                  "fields": {
                    "jobId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "job_id"
                    },
                    "stageId": {
                      "type": "int32",
                      "id": 2,
                      "protoName": "stage_id"
                    },
                    "task": {
                      "type": "int32",
                      "id": 3
                    },
                    "attempt": {
                      "type": "int32",
                      "id": 4
                    }
                  }
                },
                "PlainError": {
                  "oneofs": {
                    "_hint": {
                      "oneof": [
                        "hint"
                      ]
                    },
                    "_file": {
                      "oneof": [
                        "file"
                      ]
                    }
                  },
                  "fields": {
                    "code": {
                      "type": "string",
                      "id": 1
                    },
                    "message": {
                      "type": "string",
                      "id": 2
                    },
                    "span": {
                      "type": "Span",
                      "id": 3
                    },
                    "hint": {
                      "type": "string",
                      "id": 4,
                      "options": {
                        "proto3_optional": true
                      }
                    },
                    "file": {
                      "type": "string",
                      "id": 5,
                      "options": {
                        "proto3_optional": true
                      }
                    },
                    "fetchFailed": {
                      "type": "FetchFailed",
                      "id": 6,
                      "protoName": "fetch_failed"
                    }
                  },
                  "nested": {
                    "Span": {
                      "fields": {
                        "start": {
                          "type": "int32",
                          "id": 1
                        },
                        "end": {
                          "type": "int32",
                          "id": 2
                        }
                      }
                    },
                    "FetchFailed": {
                      "fields": {
                        "executorId": {
                          "type": "string",
                          "id": 1,
                          "protoName": "executor_id"
                        },
                        "stageId": {
                          "type": "int32",
                          "id": 2,
                          "protoName": "stage_id"
                        },
                        "partition": {
                          "type": "int32",
                          "id": 3
                        }
                      }
                    }
                  }
                },
                "ExecutorDescription": {
                  "fields": {
                    "executorId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "executor_id"
                    },
                    "host": {
                      "type": "string",
                      "id": 2
                    },
                    "port": {
                      "type": "int32",
                      "id": 3
                    },
                    "slots": {
                      "type": "int32",
                      "id": 4
                    },
                    "memoryBytes": {
                      "type": "int64",
                      "id": 5,
                      "protoName": "memory_bytes"
                    },
                    "version": {
                      "type": "string",
                      "id": 6
                    },
                    "protocolVersion": {
                      "type": "int32",
                      "id": 7,
                      "protoName": "protocol_version"
                    }
                  }
                },
                "PartitionSize": {
                  "fields": {
                    "partition": {
                      "type": "int32",
                      "id": 1
                    },
                    "rowCount": {
                      "type": "int64",
                      "id": 2,
                      "protoName": "row_count"
                    },
                    "byteSize": {
                      "type": "int64",
                      "id": 3,
                      "protoName": "byte_size"
                    }
                  }
                },
                "OperatorMetrics": {
                  "fields": {
                    "name": {
                      "type": "string",
                      "id": 1
                    },
                    "rowCount": {
                      "type": "int64",
                      "id": 2,
                      "protoName": "row_count"
                    },
                    "batchCount": {
                      "type": "int64",
                      "id": 3,
                      "protoName": "batch_count"
                    },
                    "selfMicros": {
                      "type": "double",
                      "id": 4,
                      "protoName": "self_micros"
                    },
                    "peakBytes": {
                      "type": "int64",
                      "id": 5,
                      "protoName": "peak_bytes"
                    },
                    "counters": {
                      "keyType": "string",
                      "type": "double",
                      "id": 6
                    }
                  }
                },
                "Register": {
                  "fields": {
                    "executor": {
                      "type": "ExecutorDescription",
                      "id": 1
                    },
                    "running": {
                      "rule": "repeated",
                      "type": "TaskId",
                      "id": 2
                    },
                    "jobs": {
                      "rule": "repeated",
                      "type": "string",
                      "id": 3
                    }
                  }
                },
                "Heartbeat": {
                  "fields": {
                    "running": {
                      "rule": "repeated",
                      "type": "TaskId",
                      "id": 1
                    },
                    "storeBytes": {
                      "type": "int64",
                      "id": 2,
                      "protoName": "store_bytes"
                    }
                  }
                },
                "TaskStarted": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    }
                  }
                },
                "TaskFinished": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    },
                    "partitions": {
                      "rule": "repeated",
                      "type": "PartitionSize",
                      "id": 2
                    },
                    "operators": {
                      "rule": "repeated",
                      "type": "OperatorMetrics",
                      "id": 3
                    }
                  }
                },
                "TaskFailed": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    },
                    "error": {
                      "type": "PlainError",
                      "id": 2
                    }
                  }
                },
                "ResultRead": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    }
                  }
                },
                "ResultAbandoned": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    }
                  }
                },
                "Draining": {
                  "fields": {}
                },
                "Left": {
                  "fields": {}
                },
                "ExecutorMessage": {
                  "oneofs": {
                    "kind": {
                      "oneof": [
                        "register",
                        "heartbeat",
                        "taskStarted",
                        "taskFinished",
                        "taskFailed",
                        "draining",
                        "resultRead",
                        "resultAbandoned",
                        "left"
                      ]
                    }
                  },
                  "fields": {
                    "register": {
                      "type": "Register",
                      "id": 1
                    },
                    "heartbeat": {
                      "type": "Heartbeat",
                      "id": 2
                    },
                    "taskStarted": {
                      "type": "TaskStarted",
                      "id": 3,
                      "protoName": "task_started"
                    },
                    "taskFinished": {
                      "type": "TaskFinished",
                      "id": 4,
                      "protoName": "task_finished"
                    },
                    "taskFailed": {
                      "type": "TaskFailed",
                      "id": 5,
                      "protoName": "task_failed"
                    },
                    "draining": {
                      "type": "Draining",
                      "id": 6
                    },
                    "resultRead": {
                      "type": "ResultRead",
                      "id": 7,
                      "protoName": "result_read"
                    },
                    "resultAbandoned": {
                      "type": "ResultAbandoned",
                      "id": 8,
                      "protoName": "result_abandoned"
                    },
                    "left": {
                      "type": "Left",
                      "id": 9
                    }
                  }
                },
                "Registered": {
                  "fields": {
                    "heartbeatIntervalMs": {
                      "type": "int32",
                      "id": 1,
                      "protoName": "heartbeat_interval_ms"
                    }
                  }
                },
                "Refused": {
                  "fields": {
                    "error": {
                      "type": "PlainError",
                      "id": 1
                    },
                    "leader": {
                      "type": "string",
                      "id": 2
                    }
                  }
                },
                "StagePlan": {
                  "fields": {
                    "jobId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "job_id"
                    },
                    "stageId": {
                      "type": "int32",
                      "id": 2,
                      "protoName": "stage_id"
                    },
                    "plan": {
                      "type": "bytes",
                      "id": 3
                    }
                  }
                },
                "ScanSplit": {
                  "fields": {
                    "path": {
                      "type": "string",
                      "id": 1
                    },
                    "firstRow": {
                      "type": "int64",
                      "id": 2,
                      "protoName": "first_row"
                    },
                    "lastRow": {
                      "type": "int64",
                      "id": 3,
                      "protoName": "last_row"
                    },
                    "byteSize": {
                      "type": "int64",
                      "id": 4,
                      "protoName": "byte_size"
                    }
                  }
                },
                "ScanSplits": {
                  "fields": {
                    "scanId": {
                      "type": "int32",
                      "id": 1,
                      "protoName": "scan_id"
                    },
                    "splits": {
                      "rule": "repeated",
                      "type": "ScanSplit",
                      "id": 2
                    }
                  }
                },
                "InputSource": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    },
                    "executorId": {
                      "type": "string",
                      "id": 2,
                      "protoName": "executor_id"
                    },
                    "host": {
                      "type": "string",
                      "id": 3
                    },
                    "port": {
                      "type": "int32",
                      "id": 4
                    }
                  }
                },
                "StageInput": {
                  "fields": {
                    "stageId": {
                      "type": "int32",
                      "id": 1,
                      "protoName": "stage_id"
                    },
                    "partition": {
                      "type": "int32",
                      "id": 2
                    },
                    "sources": {
                      "rule": "repeated",
                      "type": "InputSource",
                      "id": 3
                    }
                  }
                },
                "Launch": {
                  "fields": {
                    "task": {
                      "type": "TaskId",
                      "id": 1
                    },
                    "splits": {
                      "rule": "repeated",
                      "type": "ScanSplits",
                      "id": 2
                    },
                    "inputs": {
                      "rule": "repeated",
                      "type": "StageInput",
                      "id": 3
                    }
                  }
                },
                "CancelJob": {
                  "fields": {
                    "jobId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "job_id"
                    },
                    "error": {
                      "type": "PlainError",
                      "id": 2
                    }
                  }
                },
                "ReleaseJob": {
                  "fields": {
                    "jobId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "job_id"
                    }
                  }
                },
                "SchedulerMessage": {
                  "oneofs": {
                    "kind": {
                      "oneof": [
                        "registered",
                        "refused",
                        "stage",
                        "launch",
                        "cancelJob",
                        "releaseJob"
                      ]
                    }
                  },
                  "fields": {
                    "registered": {
                      "type": "Registered",
                      "id": 1
                    },
                    "refused": {
                      "type": "Refused",
                      "id": 2
                    },
                    "stage": {
                      "type": "StagePlan",
                      "id": 3
                    },
                    "launch": {
                      "type": "Launch",
                      "id": 4
                    },
                    "cancelJob": {
                      "type": "CancelJob",
                      "id": 5,
                      "protoName": "cancel_job"
                    },
                    "releaseJob": {
                      "type": "ReleaseJob",
                      "id": 6,
                      "protoName": "release_job"
                    }
                  }
                }
              }
            }
          }
        },
        "flight": {
          "nested": {
            "v1": {
              "nested": {
                "ResultTicket": {
                  "fields": {
                    "jobId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "job_id"
                    },
                    "stageId": {
                      "type": "int32",
                      "id": 2,
                      "protoName": "stage_id"
                    },
                    "task": {
                      "type": "int32",
                      "id": 3
                    },
                    "attempt": {
                      "type": "int32",
                      "id": 4
                    },
                    "partition": {
                      "type": "int32",
                      "id": 5
                    },
                    "executorId": {
                      "type": "string",
                      "id": 6,
                      "protoName": "executor_id"
                    }
                  }
                },
                "TicketPayload": {
                  "oneofs": {
                    "kind": {
                      "oneof": [
                        "result",
                        "command",
                        "emptySchema"
                      ]
                    }
                  },
                  "fields": {
                    "result": {
                      "type": "ResultTicket",
                      "id": 1
                    },
                    "command": {
                      "type": "bytes",
                      "id": 2
                    },
                    "emptySchema": {
                      "type": "bytes",
                      "id": 3,
                      "protoName": "empty_schema"
                    },
                    "expiresMs": {
                      "type": "int64",
                      "id": 4,
                      "protoName": "expires_ms"
                    }
                  }
                },
                "TicketEnvelope": {
                  "fields": {
                    "magic": {
                      "type": "fixed32",
                      "id": 1
                    },
                    "payload": {
                      "type": "bytes",
                      "id": 2
                    },
                    "signature": {
                      "type": "bytes",
                      "id": 3
                    }
                  }
                },
                "QueryReference": {
                  "fields": {
                    "queryId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "query_id"
                    }
                  }
                },
                "PollQuery": {
                  "fields": {
                    "queryId": {
                      "type": "string",
                      "id": 1,
                      "protoName": "query_id"
                    },
                    "seen": {
                      "type": "double",
                      "id": 2
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    "arrow": {
      "nested": {
        "flight": {
          "nested": {
            "protocol": {
              "nested": {
                "sql": {
                  "nested": {
                    "CommandGetSqlInfo": {
                      "fields": {
                        "info": {
                          "rule": "repeated",
                          "type": "uint32",
                          "id": 1
                        }
                      }
                    },
                    "CommandGetXdbcTypeInfo": {
                      "oneofs": {
                        "_dataType": {
                          "oneof": [
                            "dataType"
                          ]
                        }
                      },
                      "fields": {
                        "dataType": {
                          "type": "int32",
                          "id": 1,
                          "protoName": "data_type",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "CommandGetCatalogs": {
                      "fields": {}
                    },
                    "CommandGetDbSchemas": {
                      "oneofs": {
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_dbSchemaFilterPattern": {
                          "oneof": [
                            "dbSchemaFilterPattern"
                          ]
                        }
                      },
                      "fields": {
                        "catalog": {
                          "type": "string",
                          "id": 1,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "dbSchemaFilterPattern": {
                          "type": "string",
                          "id": 2,
                          "protoName": "db_schema_filter_pattern",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "CommandGetTables": {
                      "oneofs": {
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_dbSchemaFilterPattern": {
                          "oneof": [
                            "dbSchemaFilterPattern"
                          ]
                        },
                        "_tableNameFilterPattern": {
                          "oneof": [
                            "tableNameFilterPattern"
                          ]
                        }
                      },
                      "fields": {
                        "catalog": {
                          "type": "string",
                          "id": 1,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "dbSchemaFilterPattern": {
                          "type": "string",
                          "id": 2,
                          "protoName": "db_schema_filter_pattern",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "tableNameFilterPattern": {
                          "type": "string",
                          "id": 3,
                          "protoName": "table_name_filter_pattern",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "tableTypes": {
                          "rule": "repeated",
                          "type": "string",
                          "id": 4,
                          "protoName": "table_types"
                        },
                        "includeSchema": {
                          "type": "bool",
                          "id": 5,
                          "protoName": "include_schema"
                        }
                      }
                    },
                    "CommandGetTableTypes": {
                      "fields": {}
                    },
                    "CommandGetPrimaryKeys": {
                      "oneofs": {
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_dbSchema": {
                          "oneof": [
                            "dbSchema"
                          ]
                        }
                      },
                      "fields": {
                        "catalog": {
                          "type": "string",
                          "id": 1,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "dbSchema": {
                          "type": "string",
                          "id": 2,
                          "protoName": "db_schema",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "table": {
                          "type": "string",
                          "id": 3
                        }
                      }
                    },
                    "CommandGetExportedKeys": {
                      "oneofs": {
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_dbSchema": {
                          "oneof": [
                            "dbSchema"
                          ]
                        }
                      },
                      "fields": {
                        "catalog": {
                          "type": "string",
                          "id": 1,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "dbSchema": {
                          "type": "string",
                          "id": 2,
                          "protoName": "db_schema",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "table": {
                          "type": "string",
                          "id": 3
                        }
                      }
                    },
                    "CommandGetImportedKeys": {
                      "oneofs": {
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_dbSchema": {
                          "oneof": [
                            "dbSchema"
                          ]
                        }
                      },
                      "fields": {
                        "catalog": {
                          "type": "string",
                          "id": 1,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "dbSchema": {
                          "type": "string",
                          "id": 2,
                          "protoName": "db_schema",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "table": {
                          "type": "string",
                          "id": 3
                        }
                      }
                    },
                    "CommandGetCrossReference": {
                      "oneofs": {
                        "_pkCatalog": {
                          "oneof": [
                            "pkCatalog"
                          ]
                        },
                        "_pkDbSchema": {
                          "oneof": [
                            "pkDbSchema"
                          ]
                        },
                        "_fkCatalog": {
                          "oneof": [
                            "fkCatalog"
                          ]
                        },
                        "_fkDbSchema": {
                          "oneof": [
                            "fkDbSchema"
                          ]
                        }
                      },
                      "fields": {
                        "pkCatalog": {
                          "type": "string",
                          "id": 1,
                          "protoName": "pk_catalog",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "pkDbSchema": {
                          "type": "string",
                          "id": 2,
                          "protoName": "pk_db_schema",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "pkTable": {
                          "type": "string",
                          "id": 3,
                          "protoName": "pk_table"
                        },
                        "fkCatalog": {
                          "type": "string",
                          "id": 4,
                          "protoName": "fk_catalog",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "fkDbSchema": {
                          "type": "string",
                          "id": 5,
                          "protoName": "fk_db_schema",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "fkTable": {
                          "type": "string",
                          "id": 6,
                          "protoName": "fk_table"
                        }
                      }
                    },
                    "CommandStatementQuery": {
                      "oneofs": {
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "query": {
                          "type": "string",
                          "id": 1
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "SubstraitPlan": {
                      "fields": {
                        "plan": {
                          "type": "bytes",
                          "id": 1
                        },
                        "version": {
                          "type": "string",
                          "id": 2
                        }
                      }
                    },
                    "CommandStatementSubstraitPlan": {
                      "oneofs": {
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "plan": {
                          "type": "SubstraitPlan",
                          "id": 1
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "CommandPreparedStatementQuery": {
                      "fields": {
                        "preparedStatementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "prepared_statement_handle"
                        }
                      }
                    },
                    "CommandStatementUpdate": {
                      "oneofs": {
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "query": {
                          "type": "string",
                          "id": 1
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "CommandPreparedStatementUpdate": {
                      "fields": {
                        "preparedStatementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "prepared_statement_handle"
                        }
                      }
                    },
                    "CommandStatementIngest": {
                      "oneofs": {
                        "_schema": {
                          "oneof": [
                            "schema"
                          ]
                        },
                        "_catalog": {
                          "oneof": [
                            "catalog"
                          ]
                        },
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "tableDefinitionOptions": {
                          "type": "TableDefinitionOptions",
                          "id": 1,
                          "protoName": "table_definition_options"
                        },
                        "table": {
                          "type": "string",
                          "id": 2
                        },
                        "schema": {
                          "type": "string",
                          "id": 3,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "catalog": {
                          "type": "string",
                          "id": 4,
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "temporary": {
                          "type": "bool",
                          "id": 5
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 6,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        },
                        "options": {
                          "keyType": "string",
                          "type": "string",
                          "id": 1000
                        }
                      },
                      "nested": {
                        "TableDefinitionOptions": {
                          "fields": {
                            "ifNotExist": {
                              "type": "TableNotExistOption",
                              "id": 1,
                              "protoName": "if_not_exist"
                            },
                            "ifExists": {
                              "type": "TableExistsOption",
                              "id": 2,
                              "protoName": "if_exists"
                            }
                          },
                          "nested": {
                            "TableNotExistOption": {
                              "values": {
                                "TABLE_NOT_EXIST_OPTION_UNSPECIFIED": 0,
                                "TABLE_NOT_EXIST_OPTION_CREATE": 1,
                                "TABLE_NOT_EXIST_OPTION_FAIL": 2
                              }
                            },
                            "TableExistsOption": {
                              "values": {
                                "TABLE_EXISTS_OPTION_UNSPECIFIED": 0,
                                "TABLE_EXISTS_OPTION_FAIL": 1,
                                "TABLE_EXISTS_OPTION_APPEND": 2,
                                "TABLE_EXISTS_OPTION_REPLACE": 3
                              }
                            }
                          }
                        }
                      }
                    },
                    "TicketStatementQuery": {
                      "fields": {
                        "statementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "statement_handle"
                        }
                      }
                    },
                    "DoPutUpdateResult": {
                      "fields": {
                        "recordCount": {
                          "type": "int64",
                          "id": 1,
                          "protoName": "record_count"
                        }
                      }
                    },
                    "DoPutPreparedStatementResult": {
                      "oneofs": {
                        "_preparedStatementHandle": {
                          "oneof": [
                            "preparedStatementHandle"
                          ]
                        }
                      },
                      "fields": {
                        "preparedStatementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "prepared_statement_handle",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "ActionCreatePreparedStatementRequest": {
                      "oneofs": {
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "query": {
                          "type": "string",
                          "id": 1
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "ActionCreatePreparedSubstraitPlanRequest": {
                      "oneofs": {
                        "_transactionId": {
                          "oneof": [
                            "transactionId"
                          ]
                        }
                      },
                      "fields": {
                        "plan": {
                          "type": "SubstraitPlan",
                          "id": 1
                        },
                        "transactionId": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "transaction_id",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "ActionCreatePreparedStatementResult": {
                      "oneofs": {
                        "_isUpdate": {
                          "oneof": [
                            "isUpdate"
                          ]
                        }
                      },
                      "fields": {
                        "preparedStatementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "prepared_statement_handle"
                        },
                        "datasetSchema": {
                          "type": "bytes",
                          "id": 2,
                          "protoName": "dataset_schema"
                        },
                        "parameterSchema": {
                          "type": "bytes",
                          "id": 3,
                          "protoName": "parameter_schema"
                        },
                        "isUpdate": {
                          "type": "bool",
                          "id": 4,
                          "protoName": "is_update",
                          "options": {
                            "proto3_optional": true
                          }
                        }
                      }
                    },
                    "ActionClosePreparedStatementRequest": {
                      "fields": {
                        "preparedStatementHandle": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "prepared_statement_handle"
                        }
                      }
                    },
                    "ActionBeginTransactionRequest": {
                      "fields": {}
                    },
                    "ActionBeginTransactionResult": {
                      "fields": {
                        "transactionId": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "transaction_id"
                        }
                      }
                    },
                    "ActionBeginSavepointRequest": {
                      "fields": {
                        "transactionId": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "transaction_id"
                        },
                        "name": {
                          "type": "string",
                          "id": 2
                        }
                      }
                    },
                    "ActionBeginSavepointResult": {
                      "fields": {
                        "savepointId": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "savepoint_id"
                        }
                      }
                    },
                    "ActionEndTransactionRequest": {
                      "fields": {
                        "transactionId": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "transaction_id"
                        },
                        "action": {
                          "type": "EndTransaction",
                          "id": 2
                        }
                      },
                      "nested": {
                        "EndTransaction": {
                          "values": {
                            "END_TRANSACTION_UNSPECIFIED": 0,
                            "END_TRANSACTION_COMMIT": 1,
                            "END_TRANSACTION_ROLLBACK": 2
                          }
                        }
                      }
                    },
                    "ActionEndSavepointRequest": {
                      "fields": {
                        "savepointId": {
                          "type": "bytes",
                          "id": 1,
                          "protoName": "savepoint_id"
                        },
                        "action": {
                          "type": "EndSavepoint",
                          "id": 2
                        }
                      },
                      "nested": {
                        "EndSavepoint": {
                          "values": {
                            "END_SAVEPOINT_UNSPECIFIED": 0,
                            "END_SAVEPOINT_RELEASE": 1,
                            "END_SAVEPOINT_ROLLBACK": 2
                          }
                        }
                      }
                    },
                    "ActionCancelQueryRequest": {
                      "fields": {
                        "info": {
                          "type": "bytes",
                          "id": 1
                        }
                      }
                    },
                    "ActionCancelQueryResult": {
                      "fields": {
                        "result": {
                          "type": "CancelResult",
                          "id": 1
                        }
                      },
                      "nested": {
                        "CancelResult": {
                          "values": {
                            "CANCEL_RESULT_UNSPECIFIED": 0,
                            "CANCEL_RESULT_CANCELLED": 1,
                            "CANCEL_RESULT_CANCELLING": 2,
                            "CANCEL_RESULT_NOT_CANCELLABLE": 3
                          }
                        }
                      }
                    },
                    "SqlInfo": {
                      "values": {
                        "FLIGHT_SQL_SERVER_NAME": 0,
                        "FLIGHT_SQL_SERVER_VERSION": 1,
                        "FLIGHT_SQL_SERVER_ARROW_VERSION": 2,
                        "FLIGHT_SQL_SERVER_READ_ONLY": 3,
                        "FLIGHT_SQL_SERVER_SQL": 4,
                        "FLIGHT_SQL_SERVER_SUBSTRAIT": 5,
                        "FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION": 6,
                        "FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION": 7,
                        "FLIGHT_SQL_SERVER_TRANSACTION": 8,
                        "FLIGHT_SQL_SERVER_CANCEL": 9,
                        "FLIGHT_SQL_SERVER_BULK_INGESTION": 10,
                        "FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED": 11,
                        "FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT": 100,
                        "FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT": 101,
                        "SQL_DDL_CATALOG": 500,
                        "SQL_DDL_SCHEMA": 501,
                        "SQL_DDL_TABLE": 502,
                        "SQL_IDENTIFIER_CASE": 503,
                        "SQL_IDENTIFIER_QUOTE_CHAR": 504,
                        "SQL_QUOTED_IDENTIFIER_CASE": 505,
                        "SQL_ALL_TABLES_ARE_SELECTABLE": 506,
                        "SQL_NULL_ORDERING": 507,
                        "SQL_KEYWORDS": 508,
                        "SQL_NUMERIC_FUNCTIONS": 509,
                        "SQL_STRING_FUNCTIONS": 510,
                        "SQL_SYSTEM_FUNCTIONS": 511,
                        "SQL_DATETIME_FUNCTIONS": 512,
                        "SQL_SEARCH_STRING_ESCAPE": 513,
                        "SQL_EXTRA_NAME_CHARACTERS": 514,
                        "SQL_SUPPORTS_COLUMN_ALIASING": 515,
                        "SQL_NULL_PLUS_NULL_IS_NULL": 516,
                        "SQL_SUPPORTS_CONVERT": 517,
                        "SQL_SUPPORTS_TABLE_CORRELATION_NAMES": 518,
                        "SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES": 519,
                        "SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY": 520,
                        "SQL_SUPPORTS_ORDER_BY_UNRELATED": 521,
                        "SQL_SUPPORTED_GROUP_BY": 522,
                        "SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE": 523,
                        "SQL_SUPPORTS_NON_NULLABLE_COLUMNS": 524,
                        "SQL_SUPPORTED_GRAMMAR": 525,
                        "SQL_ANSI92_SUPPORTED_LEVEL": 526,
                        "SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY": 527,
                        "SQL_OUTER_JOINS_SUPPORT_LEVEL": 528,
                        "SQL_SCHEMA_TERM": 529,
                        "SQL_PROCEDURE_TERM": 530,
                        "SQL_CATALOG_TERM": 531,
                        "SQL_CATALOG_AT_START": 532,
                        "SQL_SCHEMAS_SUPPORTED_ACTIONS": 533,
                        "SQL_CATALOGS_SUPPORTED_ACTIONS": 534,
                        "SQL_SUPPORTED_POSITIONED_COMMANDS": 535,
                        "SQL_SELECT_FOR_UPDATE_SUPPORTED": 536,
                        "SQL_STORED_PROCEDURES_SUPPORTED": 537,
                        "SQL_SUPPORTED_SUBQUERIES": 538,
                        "SQL_CORRELATED_SUBQUERIES_SUPPORTED": 539,
                        "SQL_SUPPORTED_UNIONS": 540,
                        "SQL_MAX_BINARY_LITERAL_LENGTH": 541,
                        "SQL_MAX_CHAR_LITERAL_LENGTH": 542,
                        "SQL_MAX_COLUMN_NAME_LENGTH": 543,
                        "SQL_MAX_COLUMNS_IN_GROUP_BY": 544,
                        "SQL_MAX_COLUMNS_IN_INDEX": 545,
                        "SQL_MAX_COLUMNS_IN_ORDER_BY": 546,
                        "SQL_MAX_COLUMNS_IN_SELECT": 547,
                        "SQL_MAX_COLUMNS_IN_TABLE": 548,
                        "SQL_MAX_CONNECTIONS": 549,
                        "SQL_MAX_CURSOR_NAME_LENGTH": 550,
                        "SQL_MAX_INDEX_LENGTH": 551,
                        "SQL_DB_SCHEMA_NAME_LENGTH": 552,
                        "SQL_MAX_PROCEDURE_NAME_LENGTH": 553,
                        "SQL_MAX_CATALOG_NAME_LENGTH": 554,
                        "SQL_MAX_ROW_SIZE": 555,
                        "SQL_MAX_ROW_SIZE_INCLUDES_BLOBS": 556,
                        "SQL_MAX_STATEMENT_LENGTH": 557,
                        "SQL_MAX_STATEMENTS": 558,
                        "SQL_MAX_TABLE_NAME_LENGTH": 559,
                        "SQL_MAX_TABLES_IN_SELECT": 560,
                        "SQL_MAX_USERNAME_LENGTH": 561,
                        "SQL_DEFAULT_TRANSACTION_ISOLATION": 562,
                        "SQL_TRANSACTIONS_SUPPORTED": 563,
                        "SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS": 564,
                        "SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT": 565,
                        "SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED": 566,
                        "SQL_SUPPORTED_RESULT_SET_TYPES": 567,
                        "SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED": 568,
                        "SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY": 569,
                        "SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE": 570,
                        "SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE": 571,
                        "SQL_BATCH_UPDATES_SUPPORTED": 572,
                        "SQL_SAVEPOINTS_SUPPORTED": 573,
                        "SQL_NAMED_PARAMETERS_SUPPORTED": 574,
                        "SQL_LOCATORS_UPDATE_COPY": 575,
                        "SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED": 576
                      }
                    },
                    "XdbcDataType": {
                      "values": {
                        "XDBC_UNKNOWN_TYPE": 0,
                        "XDBC_CHAR": 1,
                        "XDBC_NUMERIC": 2,
                        "XDBC_DECIMAL": 3,
                        "XDBC_INTEGER": 4,
                        "XDBC_SMALLINT": 5,
                        "XDBC_FLOAT": 6,
                        "XDBC_REAL": 7,
                        "XDBC_DOUBLE": 8,
                        "XDBC_DATETIME": 9,
                        "XDBC_INTERVAL": 10,
                        "XDBC_VARCHAR": 12,
                        "XDBC_DATE": 91,
                        "XDBC_TIME": 92,
                        "XDBC_TIMESTAMP": 93,
                        "XDBC_LONGVARCHAR": -1,
                        "XDBC_BINARY": -2,
                        "XDBC_VARBINARY": -3,
                        "XDBC_LONGVARBINARY": -4,
                        "XDBC_BIGINT": -5,
                        "XDBC_TINYINT": -6,
                        "XDBC_BIT": -7,
                        "XDBC_WCHAR": -8,
                        "XDBC_WVARCHAR": -9
                      }
                    },
                    "XdbcDatetimeSubcode": {
                      "values": {
                        "XDBC_SUBCODE_UNKNOWN": 0,
                        "XDBC_SUBCODE_DATE": 1,
                        "XDBC_SUBCODE_TIME": 2,
                        "XDBC_SUBCODE_TIMESTAMP": 3,
                        "XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE": 5
                      }
                    },
                    "SqlSupportsConvert": {
                      "values": {
                        "SQL_CONVERT_BIGINT": 0,
                        "SQL_CONVERT_BINARY": 1,
                        "SQL_CONVERT_BIT": 2,
                        "SQL_CONVERT_CHAR": 3,
                        "SQL_CONVERT_DATE": 4,
                        "SQL_CONVERT_DECIMAL": 5,
                        "SQL_CONVERT_FLOAT": 6,
                        "SQL_CONVERT_INTEGER": 7,
                        "SQL_CONVERT_INTERVAL_DAY_TIME": 8,
                        "SQL_CONVERT_INTERVAL_YEAR_MONTH": 9,
                        "SQL_CONVERT_LONGVARBINARY": 10,
                        "SQL_CONVERT_LONGVARCHAR": 11,
                        "SQL_CONVERT_NUMERIC": 12,
                        "SQL_CONVERT_REAL": 13,
                        "SQL_CONVERT_SMALLINT": 14,
                        "SQL_CONVERT_TIME": 15,
                        "SQL_CONVERT_TIMESTAMP": 16,
                        "SQL_CONVERT_TINYINT": 17,
                        "SQL_CONVERT_VARBINARY": 18,
                        "SQL_CONVERT_VARCHAR": 19
                      }
                    }
                  }
                },
                "FlightService": {
                  "methods": {
                    "Handshake": {
                      "requestType": "HandshakeRequest",
                      "requestStream": true,
                      "responseType": "HandshakeResponse",
                      "responseStream": true
                    },
                    "ListFlights": {
                      "requestType": "Criteria",
                      "responseType": "FlightInfo",
                      "responseStream": true
                    },
                    "GetFlightInfo": {
                      "requestType": "FlightDescriptor",
                      "responseType": "FlightInfo"
                    },
                    "PollFlightInfo": {
                      "requestType": "FlightDescriptor",
                      "responseType": "PollInfo"
                    },
                    "GetSchema": {
                      "requestType": "FlightDescriptor",
                      "responseType": "SchemaResult"
                    },
                    "DoGet": {
                      "requestType": "Ticket",
                      "responseType": "FlightData",
                      "responseStream": true
                    },
                    "DoPut": {
                      "requestType": "FlightData",
                      "requestStream": true,
                      "responseType": "PutResult",
                      "responseStream": true
                    },
                    "DoExchange": {
                      "requestType": "FlightData",
                      "requestStream": true,
                      "responseType": "FlightData",
                      "responseStream": true
                    },
                    "DoAction": {
                      "requestType": "Action",
                      "responseType": "Result",
                      "responseStream": true
                    },
                    "ListActions": {
                      "requestType": "Empty",
                      "responseType": "ActionType",
                      "responseStream": true
                    }
                  }
                },
                "HandshakeRequest": {
                  "fields": {
                    "protocolVersion": {
                      "type": "uint64",
                      "id": 1,
                      "protoName": "protocol_version"
                    },
                    "payload": {
                      "type": "bytes",
                      "id": 2
                    }
                  }
                },
                "HandshakeResponse": {
                  "fields": {
                    "protocolVersion": {
                      "type": "uint64",
                      "id": 1,
                      "protoName": "protocol_version"
                    },
                    "payload": {
                      "type": "bytes",
                      "id": 2
                    }
                  }
                },
                "BasicAuth": {
                  "fields": {
                    "username": {
                      "type": "string",
                      "id": 2
                    },
                    "password": {
                      "type": "string",
                      "id": 3
                    }
                  }
                },
                "Empty": {
                  "fields": {}
                },
                "ActionType": {
                  "fields": {
                    "type": {
                      "type": "string",
                      "id": 1
                    },
                    "description": {
                      "type": "string",
                      "id": 2
                    }
                  }
                },
                "Criteria": {
                  "fields": {
                    "expression": {
                      "type": "bytes",
                      "id": 1
                    }
                  }
                },
                "Action": {
                  "fields": {
                    "type": {
                      "type": "string",
                      "id": 1
                    },
                    "body": {
                      "type": "bytes",
                      "id": 2
                    }
                  }
                },
                "Result": {
                  "fields": {
                    "body": {
                      "type": "bytes",
                      "id": 1
                    }
                  }
                },
                "SchemaResult": {
                  "fields": {
                    "schema": {
                      "type": "bytes",
                      "id": 1
                    }
                  }
                },
                "FlightDescriptor": {
                  "fields": {
                    "type": {
                      "type": "DescriptorType",
                      "id": 1
                    },
                    "cmd": {
                      "type": "bytes",
                      "id": 2
                    },
                    "path": {
                      "rule": "repeated",
                      "type": "string",
                      "id": 3
                    }
                  },
                  "nested": {
                    "DescriptorType": {
                      "values": {
                        "UNKNOWN": 0,
                        "PATH": 1,
                        "CMD": 2
                      }
                    }
                  }
                },
                "FlightInfo": {
                  "fields": {
                    "schema": {
                      "type": "bytes",
                      "id": 1
                    },
                    "flightDescriptor": {
                      "type": "FlightDescriptor",
                      "id": 2,
                      "protoName": "flight_descriptor"
                    },
                    "endpoint": {
                      "rule": "repeated",
                      "type": "FlightEndpoint",
                      "id": 3
                    },
                    "totalRecords": {
                      "type": "int64",
                      "id": 4,
                      "protoName": "total_records"
                    },
                    "totalBytes": {
                      "type": "int64",
                      "id": 5,
                      "protoName": "total_bytes"
                    },
                    "ordered": {
                      "type": "bool",
                      "id": 6
                    },
                    "appMetadata": {
                      "type": "bytes",
                      "id": 7,
                      "protoName": "app_metadata"
                    }
                  }
                },
                "PollInfo": {
                  "oneofs": {
                    "_progress": {
                      "oneof": [
                        "progress"
                      ]
                    }
                  },
                  "fields": {
                    "info": {
                      "type": "FlightInfo",
                      "id": 1
                    },
                    "flightDescriptor": {
                      "type": "FlightDescriptor",
                      "id": 2,
                      "protoName": "flight_descriptor"
                    },
                    "progress": {
                      "type": "double",
                      "id": 3,
                      "options": {
                        "proto3_optional": true
                      }
                    },
                    "expirationTime": {
                      "type": "google.protobuf.Timestamp",
                      "id": 4,
                      "protoName": "expiration_time"
                    }
                  }
                },
                "CancelFlightInfoRequest": {
                  "fields": {
                    "info": {
                      "type": "FlightInfo",
                      "id": 1
                    }
                  }
                },
                "CancelStatus": {
                  "values": {
                    "CANCEL_STATUS_UNSPECIFIED": 0,
                    "CANCEL_STATUS_CANCELLED": 1,
                    "CANCEL_STATUS_CANCELLING": 2,
                    "CANCEL_STATUS_NOT_CANCELLABLE": 3
                  }
                },
                "CancelFlightInfoResult": {
                  "fields": {
                    "status": {
                      "type": "CancelStatus",
                      "id": 1
                    }
                  }
                },
                "Ticket": {
                  "fields": {
                    "ticket": {
                      "type": "bytes",
                      "id": 1
                    }
                  }
                },
                "Location": {
                  "fields": {
                    "uri": {
                      "type": "string",
                      "id": 1
                    }
                  }
                },
                "FlightEndpoint": {
                  "fields": {
                    "ticket": {
                      "type": "Ticket",
                      "id": 1
                    },
                    "location": {
                      "rule": "repeated",
                      "type": "Location",
                      "id": 2
                    },
                    "expirationTime": {
                      "type": "google.protobuf.Timestamp",
                      "id": 3,
                      "protoName": "expiration_time"
                    },
                    "appMetadata": {
                      "type": "bytes",
                      "id": 4,
                      "protoName": "app_metadata"
                    }
                  }
                },
                "RenewFlightEndpointRequest": {
                  "fields": {
                    "endpoint": {
                      "type": "FlightEndpoint",
                      "id": 1
                    }
                  }
                },
                "FlightData": {
                  "fields": {
                    "flightDescriptor": {
                      "type": "FlightDescriptor",
                      "id": 1,
                      "protoName": "flight_descriptor"
                    },
                    "dataHeader": {
                      "type": "bytes",
                      "id": 2,
                      "protoName": "data_header"
                    },
                    "appMetadata": {
                      "type": "bytes",
                      "id": 3,
                      "protoName": "app_metadata"
                    },
                    "dataBody": {
                      "type": "bytes",
                      "id": 1000,
                      "protoName": "data_body"
                    }
                  }
                },
                "PutResult": {
                  "fields": {
                    "appMetadata": {
                      "type": "bytes",
                      "id": 1,
                      "protoName": "app_metadata"
                    }
                  }
                },
                "SessionOptionValue": {
                  "oneofs": {
                    "optionValue": {
                      "oneof": [
                        "stringValue",
                        "boolValue",
                        "int64Value",
                        "doubleValue",
                        "stringListValue"
                      ]
                    }
                  },
                  "fields": {
                    "stringValue": {
                      "type": "string",
                      "id": 1,
                      "protoName": "string_value"
                    },
                    "boolValue": {
                      "type": "bool",
                      "id": 2,
                      "protoName": "bool_value"
                    },
                    "int64Value": {
                      "type": "sfixed64",
                      "id": 3,
                      "protoName": "int64_value"
                    },
                    "doubleValue": {
                      "type": "double",
                      "id": 4,
                      "protoName": "double_value"
                    },
                    "stringListValue": {
                      "type": "StringListValue",
                      "id": 5,
                      "protoName": "string_list_value"
                    }
                  },
                  "nested": {
                    "StringListValue": {
                      "fields": {
                        "values": {
                          "rule": "repeated",
                          "type": "string",
                          "id": 1
                        }
                      }
                    }
                  }
                },
                "SetSessionOptionsRequest": {
                  "fields": {
                    "sessionOptions": {
                      "keyType": "string",
                      "type": "SessionOptionValue",
                      "id": 1,
                      "protoName": "session_options"
                    }
                  }
                },
                "SetSessionOptionsResult": {
                  "fields": {
                    "errors": {
                      "keyType": "string",
                      "type": "Error",
                      "id": 1
                    }
                  },
                  "nested": {
                    "ErrorValue": {
                      "values": {
                        "UNSPECIFIED": 0,
                        "INVALID_NAME": 1,
                        "INVALID_VALUE": 2,
                        "ERROR": 3
                      }
                    },
                    "Error": {
                      "fields": {
                        "value": {
                          "type": "ErrorValue",
                          "id": 1
                        }
                      }
                    }
                  }
                },
                "GetSessionOptionsRequest": {
                  "fields": {}
                },
                "GetSessionOptionsResult": {
                  "fields": {
                    "sessionOptions": {
                      "keyType": "string",
                      "type": "SessionOptionValue",
                      "id": 1,
                      "protoName": "session_options"
                    }
                  }
                },
                "CloseSessionRequest": {
                  "fields": {}
                },
                "CloseSessionResult": {
                  "fields": {
                    "status": {
                      "type": "Status",
                      "id": 1
                    }
                  },
                  "nested": {
                    "Status": {
                      "values": {
                        "UNSPECIFIED": 0,
                        "CLOSED": 1,
                        "CLOSING": 2,
                        "NOT_CLOSEABLE": 3
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    "google": {
      "nested": {
        "protobuf": {
          "nested": {
            "Timestamp": {
              "fields": {
                "seconds": {
                  "type": "int64",
                  "id": 1
                },
                "nanos": {
                  "type": "int32",
                  "id": 2
                }
              }
            }
          }
        }
      }
    },
    "grpc": {
      "nested": {
        "health": {
          "nested": {
            "v1": {
              "nested": {
                "HealthCheckRequest": {
                  "fields": {
                    "service": {
                      "type": "string",
                      "id": 1
                    }
                  }
                },
                "HealthCheckResponse": {
                  "fields": {
                    "status": {
                      "type": "ServingStatus",
                      "id": 1
                    }
                  },
                  "nested": {
                    "ServingStatus": {
                      "values": {
                        "UNKNOWN": 0,
                        "SERVING": 1,
                        "NOT_SERVING": 2,
                        "SERVICE_UNKNOWN": 3
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
};
