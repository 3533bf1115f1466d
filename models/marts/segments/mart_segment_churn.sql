-- Who moved from where to where: customers of a run beside their segments in the run that it is compared with.
with

runs as (select * from {{ ref('stg_segmentation__runs') }}),

assignments as (select * from {{ ref('stg_segmentation__assignments') }}),

segments as (select * from {{ ref('dim_segment') }}),

compared_runs as (
    select distinct
        run_id,
        compared_run_id
    from runs
    where compared_run_id is not null and status in ('accepted', 'candidate')
),

moves as (
    select
        later.run_id,
        compared_runs.compared_run_id,
        earlier.segment_id as from_segment_id,
        later.segment_id as to_segment_id,
        count(*) as customers
    from compared_runs
    inner join assignments as later on compared_runs.run_id = later.run_id
    -- Customers whom only one of the two runs knows did not move.
    inner join assignments as earlier
        on compared_runs.compared_run_id = earlier.run_id and later.customer_key = earlier.customer_key
    group by all
),

described as (
    select
        moves.run_id,
        to_segments.status,
        to_segments.purpose,
        moves.compared_run_id,
        to_segments.customer_class,
        moves.from_segment_id,
        from_segments.segment_name as from_segment_name,
        moves.to_segment_id,
        to_segments.segment_name as to_segment_name,
        cast(moves.customers as integer) as customers,
        moves.customers
        / sum(moves.customers) over (partition by moves.run_id, moves.from_segment_id) as from_fraction,
        moves.from_segment_id = moves.to_segment_id as is_same
    from moves
    inner join segments as to_segments
        on moves.run_id = to_segments.run_id and moves.to_segment_id = to_segments.segment_id
    inner join segments as from_segments
        on moves.compared_run_id = from_segments.run_id and moves.from_segment_id = from_segments.segment_id
)

select * from described
