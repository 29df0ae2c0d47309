select a from t where a = $1 and s like $2 and x > $3 and d <= $4 limit $5 offset $6
select ? + a, ? from t where b between ? and ?
select $1, a from t where a = $1
select $2::date, $1::text
select a from t where a in ($1, $2, 3)
select coalesce($1, a), case when $2 then $3 else x end from t
select a from t where $1 is null or a = $1
select $3 from t where a = $1
select 'x' union select $1
select a from t where d > $1::date - interval '1' day
values ($1, 1), (2, $2)
