select 1
select *, a as again from u
select u.*, t.a from t, u
select a from t where flag limit 10 offset 5
select a from t fetch first 3 rows only
select a from t limit null
select a from t order by b desc, 1 nulls first, s nulls last limit 3
select a as b from t order by b
select a from t order by a + b
select distinct s, a from t order by a
select distinct a + 1 as z from t order by a + 1
select "Case", "lower" from "Mixed" as "M" where "M"."Case" = 1
select public.t.a, onager.public.t.b from onager.public.t
-- set operations
select a from t union select a from u
select a from t union all select b from t union all select 1.5
select a from t intersect select c from u
select a from t except all select c from u order by 1
select 'x' as k union all select s from t order by k limit 2
select null union all select 1
select null union all select null
select '2020-01-01' union select d from t
(select a from t order by a limit 1) union all (select c from u)
select a from t union (select c from u intersect select 1) except select 2
-- values
values (1, 'a'), (2.5, null), (null, 'c') order by column1 desc limit 2
values ((select max(a) from t))
-- common tables
with q as (select a, b from t) select * from q where a > 1
with q (k) as (select a from t), r as (select k + 1 as n from q) select * from q, r
with q as (select 1 as n) select * from q union all select * from q
with t as (select 5 as z) select * from t
with q as (select a from t) select (with q as (select c from u) select max(c) from q), a from q
with recursive q as (select 1 as n) select * from q
select * from t where a in (with q as (select c from u where u.a = t.a) select c from q)
-- views
select * from totals
select l.key, l.total from large_totals l where l.key = 1
