-- Where the rows of each file went, as counted now: a later file can supersede rows that an earlier one had accepted.
with

loads as (select * from {{ ref('stg_meter__loads') }}),

fates as (
    select
        load_id,
        file_name,
        file_format,
        rows_in,
        rows_accepted,
        rows_duplicate,
        rows_superseded,
        rows_rejected,
        rows_ambiguous,
        first_interval_start_at,
        last_interval_end_at,
        loaded_at
    from loads
)

select * from fates
