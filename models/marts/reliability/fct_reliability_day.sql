with

daily as (select * from {{ ref('int_reliability_daily') }})

select * from daily
