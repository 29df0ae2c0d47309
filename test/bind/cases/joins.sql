select t.a, u.c from t join u on t.a = u.a
select t.a, u.c from t left join u on t.a = u.a and u.c > 1
select t.a, u.c from t right join u on t.a < u.a
select t.a, u.c from t full join u on t.a = u.a
select t.a, u.c from t cross join u
select t.a, u.c from t, u where t.a = u.a
select * from t join u using (a, s)
select * from t left join u using (a)
select * from t right join u using (a)
select a, t.a, u.a from t full join u using (a)
select * from t natural join u
select * from u natural join (select 1 as other) o
select * from u join w using (a)
select a from t full join u using (a) full join w using (a)
select x.a, y.a from t x, t y
select j.k, j.l from (t join u using (a)) as j (k, l)
select x.p, x.b from t as x (p) where p = 1
select w.k from t left join (u join w on u.a = w.a) on t.a = u.a
select q.z from (select a as z from t) q
select * from (values (1, 'x'), (2, null)) v (id, name)
-- lateral
select t.a, l.c from t, lateral (select c from u where u.a = t.a) l
select t.a, l.c from t left join lateral (select c from u where u.a = t.a limit 1) l on true
select z from t, u cross join lateral (select t.a + u.a as z) q
select * from u, lateral (values (u.a), (u.c)) v
select l.* from t, lateral (select u.* from u, lateral (select t.a + u.a as z) m where m.z = 1) l
-- subqueries in ON
select t.a from t join u on t.a = u.a and exists (select 1 from w where w.a = u.a and w.k = t.s)
select t.a from t left join u on t.a = u.a and u.c in (select a from w)
select t.a from t left join u on t.a = u.a and t.b in (select a from w)
select t.a from t full join u on u.c in (select a from w) and t.a = (select max(a) from w where w.k = t.s)
