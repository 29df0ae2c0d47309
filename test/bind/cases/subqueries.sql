select a from t where a = (select max(a) from u)
select a from t where exists (select * from u where u.a = t.a)
select a from t where not exists (select 1 from u where u.a = t.a)
select a from t where a in (select a from u)
select a from t where a not in (select c from u)
select a from t where (a, s) in (select a, s from u)
select a from t where a > any (select c from u) or a <= all (select c from u) or a = some (select c from u)
select a from t where b in (select c from u where u.s = t.s)
select a in (select c from u), exists (select 1), (select s from u limit 1) from t
select case when exists (select 1 from u where u.a = t.a) then (select max(c) from u) else 0 end from t
select a from t order by (select max(c) from u where u.a = t.a) desc
select a from t where a = (select max(a) from u where u.s = t.s and u.c = (select count(*) from w where w.a = t.b and w.k = u.s))
select (select (select t.a + u.a from w where w.a = u.a) from u limit 1) from t
select a from t where a in (select a from u union select 5)
select a from t where a in (values (1), (2))
select a from t where (select count(*) from u where u.a = t.a) > 1 and a < (select 5)
select * from (select a, (select max(c) from u where u.a = t.a) m from t) q where m > 1
