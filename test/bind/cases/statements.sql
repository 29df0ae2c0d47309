explain select 1
explain analyze select a from t
create view fresh as select a, b from t
create or replace view totals (k, v) as select a, sum(b) from t group by a
drop view if exists totals, public.large_totals
show tables
describe u
describe large_totals
set memory = '4GB'
reset memory
reset all
show memory
