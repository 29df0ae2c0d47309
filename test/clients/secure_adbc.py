"""Logs in at a secured cluster through ADBC: with the password, with a wrong one, and without a certificate."""

import json
import pathlib
import sys

import adbc_driver_flightsql.dbapi as flightsql
from adbc_driver_flightsql import DatabaseOptions

url, user, password, authorities, certificate, key = sys.argv[1:]


def options(password, with_certificate=True):
    known = {
        "username": user,
        "password": password,
        DatabaseOptions.TLS_ROOT_CERTS.value: pathlib.Path(authorities).read_text(),
    }
    if with_certificate:
        known[DatabaseOptions.MTLS_CERT_CHAIN.value] = pathlib.Path(certificate).read_text()
        known[DatabaseOptions.MTLS_PRIVATE_KEY.value] = pathlib.Path(key).read_text()
    return known


out = {}
with flightsql.connect(url, db_kwargs=options(password), autocommit=True) as connection:
    with connection.cursor() as cursor:
        cursor.execute("set small_query_bytes_max = 0")
        cursor.execute("set target_partitions = 4")
        cursor.execute("select l_orderkey, count(*) from lineitem group by l_orderkey")
        out["rows"] = len(cursor.fetchall())
try:
    flightsql.connect(url, db_kwargs=options("wrong"), autocommit=True)
    out["refused"] = None
except Exception as error:
    out["refused"] = "UNAUTHENTICATED" if "UNAUTHENTICATED" in str(error).upper() else str(error)
try:
    flightsql.connect(url, db_kwargs=options(password, with_certificate=False), autocommit=True)
    out["no_certificate"] = False
except Exception:
    out["no_certificate"] = True
print(json.dumps(out))
