-- names
select n_nme from nation
select n.n_nme from nation n
select m.n_name from nation n
select * from natoin
select * from public.natoin
select * from elsewhere.nation
select zzz.* from nation
select a from t, u
select a from (select a, b as a from t) q
select q.a from (select a, b as a from t) q
select * from t, t
select * from t join u on a = 1
select * from t join u using (b)
select * from t join u using (zz)
select * from (t cross join u) join w using (a)
select t from t
select * from t x (a, b, c, d, e, f, g, h)
select t.a from t x
select * from t, (select t.a) z
select a from t group by sum
with q as (select 1) select * from p
with q as (select * from q) select * from q
with q as (select 1), q as (select 2) select 1
with q as (select nope from t) select 1
select foo(a) from t
select substrng(s, 1) from t
select a::integr from t
select *
-- types
select a from t where a
select a from t where a = 's'
select a + s from t
select a + d, d + d from t
select a from t where s > 5
select a from t where not a
select a and flag from t
select case when a then 1 end from t
select case when true then 1 else d end from t
select coalesce(a, d) from t
select sum(s) from t
select upper(a, s) from t
select d::bool from t
select date '2020-02-30'
select '12x'::int
select 99999999999::int
select 1e400
select 1::numeric(50)
select 1::timestamp(3)
select a && 1 from t
select @@ a from t
values (1), (date '2020-01-01')
values (1), (2, 3)
select a from t limit 'x'
-- grouping
select a, sum(b) from t
select b + 1, sum(b) from t group by a
select * from t group by a
select a from t group by a order by b
select a from t having a > 1
select a from t where sum(a) > 1
select a from t group by sum(a)
select sum(sum(a)) from t
select t.a from t join u on sum(t.a) = u.a
select a, (select max(c) from u where u.a = t.b) from t group by a
select distinct s from t order by a
select a from t group by 7
select a from t order by 99
select a from t order by 'x'
select a, b as a from t order by a
select lower(distinct s) from t
select sum(*) from t
-- subqueries and set operations
select (select a, b from t)
select a from t where a in (select a, s from u)
select a from t where (a, b) in (select a from u)
select a from t where (a, b) = (1, 2, 3)
select (1, 2)
select a from t where (a, b) = (select a from u)
select a from t union select a, s from u
select d from t union select a from u
select a from t union select a from u order by a + 1
select a from t union select 'x'
select a from t limit a
select a from t limit -1
select a from t limit a
select t.a from t left join u on t.a = u.a and exists (select 1 from w where w.a = t.a and w.k = u.s)
select * from u right join lateral (select u.a) l on true
with recursive r as (select n + 1 from r) select * from r
-- parameters and views
select $0
select $70000
create view k as select $1
create view k as select 1 as a, 2 as a
create view k (x, y) as select 1
create view k as select nope from t
create view k as select * from k
create or replace view totals as select * from large_totals
create view elsewhere.k as select 1
select * from broken
select 1 from t join itself on true
select * from one
describe natoin
drop view elsewhere.k
