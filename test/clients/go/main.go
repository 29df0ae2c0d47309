// What a user of arrow-go's Flight SQL client does; prints what came back as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	client := must(flightsql.NewClient(os.Args[1], nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer client.Close()
	ctx = must(client.Client.AuthenticateBasicToken(ctx, "anyone", ""))
	out := map[string]any{}

	rows := func(info *flight.FlightInfo, err error) []string {
		must(info, err)
		all := []string{}
		for _, endpoint := range info.Endpoint {
			reader := must(client.DoGet(ctx, endpoint.Ticket))
			for reader.Next() {
				record := reader.RecordBatch()
				for row := 0; row < int(record.NumRows()); row++ {
					text := ""
					for column := 0; column < int(record.NumCols()); column++ {
						if column > 0 {
							text += "|"
						}
						text += record.Column(column).ValueStr(row)
					}
					all = append(all, text)
				}
			}
			must(0, reader.Err())
			reader.Release()
		}
		return all
	}

	out["query"] = rows(client.Execute(ctx, "select n_nationkey, n_name from nation where n_nationkey < 2 order by 1"))
	out["nulls"] = rows(client.Execute(ctx, "select cast(null as integer), cast(1.5 as decimal(10,2)), date '2020-02-29'"))
	name := "n%"
	out["tables"] = rows(client.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: &name, TableTypes: []string{"TABLE"}}))
	out["catalogs"] = rows(client.GetCatalogs(ctx))
	out["table_types"] = rows(client.GetTableTypes(ctx))
	out["schema"] = must(client.GetExecuteSchema(ctx, "select n_name from nation")).Schema != nil

	prepared := must(client.Prepare(ctx, "select n_name from nation where n_nationkey = ?"))
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64}}, nil))
	names := []string{}
	for _, key := range []int64{3, 4} {
		builder.Field(0).(*array.Int64Builder).Append(key)
		prepared.SetParameters(builder.NewRecordBatch())
		info, err := prepared.Execute(ctx)
		names = append(names, rows(info, err)...)
	}
	out["prepared"] = names
	must(0, prepared.Close(ctx))

	out["update"] = must(client.ExecuteUpdate(ctx, "create or replace view go_view as select 7 as seven"))
	out["view"] = rows(client.Execute(ctx, "select * from go_view"))
	must(client.ExecuteUpdate(ctx, "drop view go_view"))

	must(client.ExecuteUpdate(ctx, "set small_query_bytes_max = 0"))
	must(client.ExecuteUpdate(ctx, "set target_partitions = 4"))
	out["large"] = len(rows(client.Execute(ctx, "select l_orderkey, count(*) from lineitem group by l_orderkey")))

	_, err := client.Execute(ctx, "select * from no_such_table")
	out["error"] = status.Code(err).String()

	info := must(client.Execute(ctx, "select a.l_comment from lineitem a, lineitem b, lineitem c"))
	cancelled := must(client.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info}))
	out["cancelled"] = cancelled.Status.String()

	fmt.Println(string(must(json.Marshal(out))))
}
