-- Of those whom the run in use clustered, some are no customers any more: their assignments stay and count for no segment.
-- Others have changed class: they were assigned anew, or have no segment where there is no shape or no segment of the class.
with

runs as (select * from {{ ref('int_segment_runs_current') }}),

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

centroids as (select * from {{ ref('stg_segmentation__centroids') }}),

profiles as (select * from {{ ref('int_profiles_standardized') }}),

customers as (select * from {{ ref('dim_customer') }}),

summary as (select * from {{ ref('mart_segment_summary') }}),

assigned as (
    select * from assignments
    where run_id in (select runs.run_id from runs)
),

parts as (
    select
        season,
        day_type,
        count(*) over () as parts_of_run
    from centroids
    where run_id in (select runs.run_id from runs)
    group by
        season,
        day_type
),

shaped as (
    select profiles.customer_key
    from profiles
    inner join parts on profiles.season = parts.season and profiles.day_type = parts.day_type
    group by profiles.customer_key
    having count(*) = max(parts.parts_of_run)
),

summarised as (
    select coalesce(sum(customers + former_customers), 0) as customers from summary
),

held as (
    select count(*) as customers
    from assigned
    inner join customers on assigned.customer_key = customers.customer_key
),

clustered as (
    select coalesce(sum(customers), 0) as customers from runs
),

counted as (
    select
        count(case when was_fitted or is_outlier then 1 end) as as_clustered,
        count(case when not was_fitted and not is_outlier then 1 end) as assigned_later
    from assigned
),

-- Customers without a segment who may have had one before they changed class; who had none leaves room for a loss unseen.
not_to_be_assigned as (
    select count(*) as customers
    from customers
    where
        customer_key not in (select assigned.customer_key from assigned)
        and (
            customer_class not in (select runs.customer_class from runs)
            or customer_key not in (select shaped.customer_key from shaped)
        )
)

select
    summarised.customers,
    held.customers as customers_expected,
    'the summary does not count every customer who has a segment' as failure_reason
from summarised
cross join held
where summarised.customers != held.customers
union all
select
    counted.as_clustered as customers,
    clustered.customers as customers_expected,
    'customers whom the run clustered are missing, or there are more' as failure_reason
from counted
cross join clustered
cross join not_to_be_assigned
where
    counted.as_clustered > clustered.customers
    or clustered.customers - counted.as_clustered > counted.assigned_later + not_to_be_assigned.customers
