select count(*), count(b), count(distinct s), sum(a), sum(b), sum(x), avg(a), avg(f), min(s), max(d), bool_and(flag) from t
select a, count(*) from t group by a
select a, count(*) from t group by 1
select a as k, count(*) from t group by k
select s as a, count(*) from t group by a, s
select a + 1, (a + 1) * 2, count(*) from t group by a + 1
select substring(s from 1 for 2) as p, count(*) from t group by p order by p
select sum(a) filter (where flag), sum(distinct a) filter (where b > 1) from t
select a from t group by a
select a, b from t group by a, b, a
select a, sum(b) from t group by a having sum(b) > 10 and count(*) > 1 and a > 1
select max(a) from t having count(*) > 1
select 1 from t having true
select a, sum(b) from t group by a order by sum(b) desc, count(*), a + 1
select sum(a) / count(*), sum(a) + sum(a) from t
select distinct a from t group by a, b
select count(*) as n from t order by n
select case when a > 1 then 'x' else 'y' end as k, count(*) from t group by 1 order by 1
select t.a, u.s from t join u on t.a = u.a group by t.a, u.s
select coalesce(sum(b), 0) from t where a > 1
-- subqueries
select a, (select max(c) from u where u.a = t.a) from t group by a
select a + 1, (select count(*) from u where u.c = t.a + 1) from t group by a + 1
select (select c from u where u.a = t.a limit 1) k, count(*) from t group by k
select sum((select max(c) from u where u.a = t.a)) from t
select a from t group by a having sum(b) > (select avg(c) from u where u.a = t.a)
select a from t group by a order by (select max(k) from w where w.a = t.a)
select a from t group by a having exists (select 1 from u where u.a = t.a and u.c > sum(t.b))
select (select sum(t.b)) from t
select (select sum(t.b + u.c) from u) from t
