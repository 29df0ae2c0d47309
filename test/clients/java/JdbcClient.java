import java.sql.*;
import java.util.*;

/** What a JDBC user does, in one connection; prints each result as one JSON line. */
public class JdbcClient {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    for (int i = 1; i + 1 < args.length; i += 2) properties.put(args[i], args[i + 1]);
    try (Connection connection = DriverManager.getConnection(args[0], properties)) {
      metadata(connection);
      types(connection);
      prepared(connection);
      large(connection);
      errors(connection);
    } catch (SQLException error) {
      print("connect_error", error.getMessage());
    }
    System.exit(0);
  }

  static void metadata(Connection connection) throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    print("product", data.getDatabaseProductName(), data.getIdentifierQuoteString(), data.isReadOnly(), data.getMaxColumnsInTable() >= 0, data.supportsGroupBy(), data.getDefaultTransactionIsolation() >= 0);
    rows("catalogs", data.getCatalogs(), 1);
    rows("schemas", data.getSchemas(), 1, 2);
    rows("table_types", data.getTableTypes(), 1);
    rows("tables", data.getTables(null, null, "n%", new String[] {"TABLE"}), 1, 2, 3, 4);
    rows("columns", data.getColumns(null, null, "nation", null), 3, 4, 5, 6, 17, 18);
    rows("primary_keys", data.getPrimaryKeys(null, null, "nation"));
    try (ResultSet types = data.getTypeInfo()) {
      print("type_info", types.getMetaData().getColumnCount());
    }
  }

  static void types(Connection connection) throws SQLException {
    String sql = "select true, cast(1 as smallint), 2, cast(3 as bigint), cast(1.5 as real), 2.5e0,"
        + " cast(12.34 as decimal(15,2)), 'text ü', date '2020-02-29', timestamp '2020-02-29 12:34:56.123456',"
        + " interval '1' day, cast(null as integer), cast(null as varchar(3)), cast(-123456789012345678.5 as decimal(38,1))";
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      ResultSetMetaData meta = rows.getMetaData();
      List<Object> names = new ArrayList<>();
      for (int i = 1; i <= meta.getColumnCount(); i++) names.add(meta.getColumnTypeName(i));
      print("type_names", names.toArray());
      rows.next();
      boolean isNull = rows.getInt(12) == 0 && rows.wasNull();
      print("types", rows.getBoolean(1), rows.getShort(2), rows.getInt(3), rows.getLong(4), rows.getFloat(5), rows.getDouble(6),
          rows.getBigDecimal(7), rows.getString(8), rows.getDate(9), rows.getTimestamp(10).toLocalDateTime(), rows.getObject(11) != null, isNull, rows.getString(13),
          rows.getBigDecimal(14));
    }
  }

  static void prepared(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(
        "select n_name from nation where n_nationkey = ? and n_name <> ? order by n_name")) {
      for (int key = 3; key < 5; key++) {
        statement.setInt(1, key);
        statement.setString(2, "EGYPT");
        rows("prepared_" + key, statement.executeQuery(), 1);
      }
    }
    try (Statement statement = connection.createStatement()) {
      print("update", statement.executeUpdate("create or replace view jdbc_view as select 7 as seven"));
      rows("view", statement.executeQuery("select * from jdbc_view"), 1);
      rows("empty", statement.executeQuery("select * from nation where n_nationkey < 0"), 1);
      statement.executeUpdate("drop view jdbc_view");
    }
  }

  static void large(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("set small_query_bytes_max = 0");
      statement.executeUpdate("set target_partitions = 4");
      long count = 0;
      long sum = 0;
      try (ResultSet rows = statement.executeQuery("select l_orderkey, count(*) from lineitem group by l_orderkey")) {
        while (rows.next()) {
          count++;
          sum += rows.getLong(2);
        }
      }
      print("large", count, sum);
    }
  }

  static void errors(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.executeQuery("select * from no_such_table");
      print("error", (Object) null);
    } catch (SQLException error) {
      print("error", error.getMessage());
    }
  }

  static void rows(String name, ResultSet rows, int... columns) throws SQLException {
    List<Object> all = new ArrayList<>();
    while (rows.next()) {
      List<Object> row = new ArrayList<>();
      for (int column : columns) row.add(rows.getObject(column));
      all.add(row);
    }
    rows.close();
    print(name, all.toArray());
  }

  static void print(String name, Object... values) {
    System.out.println("{\"name\":" + json(name) + ",\"values\":" + json(Arrays.asList(values)) + "}");
  }

  static String json(Object value) {
    if (value == null) return "null";
    if (value instanceof Boolean || value instanceof Integer || value instanceof Short || value instanceof Long) return value.toString();
    if (value instanceof List<?> list) {
      StringJoiner joiner = new StringJoiner(",", "[", "]");
      for (Object item : list) joiner.add(json(item));
      return joiner.toString();
    }
    return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
