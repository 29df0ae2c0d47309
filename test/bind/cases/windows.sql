-- functions
select row_number() over (order by a), rank() over (partition by b order by a desc nulls last), ntile(4) over (order by d) from t
select lag(s, 2, 'none') over (order by a), lead(x) over (order by a), lag(a, 1, 0.5) over (order by a) from t
select first_value(s) over (order by a), last_value(d) over (order by a), nth_value(x, 2) over (order by a) from t
select count(*) over (), sum(b) filter (where flag) over (partition by s), avg(x) over (order by d) from t
-- frames
select sum(a) over (order by a rows between 1 preceding and 2 following exclude ties) from t
select sum(a) over (order by a range between 5 preceding and current row), sum(a) over (order by b desc range 3 preceding) from t
select count(*) over (order by d range between interval '1 day' preceding and '2 days' following) from t
select count(*) over (order by x groups between unbounded preceding and 1 preceding) from t
-- named windows
select sum(a) over w, count(*) over (w rows 1 preceding) from t window w as (partition by s order by a), v as (w)
-- shared sorts: the longest first
select sum(a) over (partition by s), sum(a) over (partition by s order by a, d), sum(a) over (partition by s order by a) from t
-- over groups, in ORDER BY, above subqueries
select s, sum(sum(a)) over (order by s), rank() over (order by count(*) desc) from t group by s
select a from t order by row_number() over (order by s, a), a
select distinct rank() over (order by s) from t order by rank() over (order by s)
select row_number() over (order by a) in (select c from u), sum((select max(u.c) from u where u.a = t.a)) over () from t
select r from (select a, rank() over (partition by s order by a) as r from t) q where r = 1
