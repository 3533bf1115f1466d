-- Everyone is ranked within the customer class, for the kW expected of them in the peak window on peak days. Who may not
-- be asked comes last, with the reason. The list's size is TARGET_KW or TARGET_COUNT, or a tenth of the eligible.
-- Who has left is ranked too, with no kW: nothing is to be expected of her, whatever she used while she was there.
with

customers as (select * from {{ ref('mart_customer_360') }}),

departed as (select * from {{ ref('int_customers_departed') }}),

settings as (select * from {{ ref('dim_utility') }}),

system_peaks as (select * from {{ ref('mart_system_peak') }}),

segments as (
    select * from {{ ref('dim_segment') }}
    where is_current
),

expected as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.customer_class,
        customers.segment_id,
        customers.segment_name,
        customers.segment_descriptive_only,
        customers.peak_window_kw,
        settings.flexible_fraction,
        case
            when departed.customer_key is null
                then
                    customers.peak_window_kw
                    * settings.flexible_fraction
                    * settings.enrolment_probability
                    * settings.response_probability
        end as expected_kw,
        customers.day_shape_entropy_fraction,
        customers.good_days,
        -- The first reason counts. Unknown consent or medical need does not exclude: the file did not say.
        case
            when departed.customer_key is not null then 'no longer a customer'
            when customers.is_enrolled then 'already enrolled'
            when customers.has_medical_need then 'medical need'
            when not customers.has_consent then 'no consent'
            when customers.peak_window_reason is not null then customers.peak_window_reason
            when customers.peak_window_kw <= 0 then 'no load in the peak window'
            when customers.day_shape_entropy_fraction > settings.greatest_day_shape_entropy_fraction
                then 'days too unpredictable'
        end as ineligible_reason,
        settings.target_count,
        settings.target_kw,
        settings.default_target_fraction
    from customers
    left join departed on customers.customer_key = departed.customer_key
    cross join settings
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_class
            order by
                ineligible_reason is not null asc, expected_kw desc nulls last, customer_id asc
        ) as rank,
        count(case when ineligible_reason is null then 1 end) over (partition by customer_class) as eligible_customers,
        sum(case when ineligible_reason is null then expected_kw else 0 end) over (
            partition by customer_class
            order by
                ineligible_reason is not null asc, expected_kw desc nulls last, customer_id asc
            rows between unbounded preceding and current row
        ) as cumulative_kw
    from expected
),

chosen as (
    select
        *,
        ineligible_reason is null
        and case
            -- Up to and including the customer who brings the sum to the goal.
            when target_kw is not null then cumulative_kw - expected_kw < target_kw
            when target_count is not null then rank <= target_count
            else rank <= ceil(eligible_customers * default_target_fraction)
        end as is_target
    from ranked
),

explained as (
    select
        chosen.customer_key,
        chosen.customer_id,
        chosen.customer_class,
        'reduce at the peak' as direction,
        chosen.segment_id,
        coalesce(chosen.segment_name, 'not segmented') as segment_name,
        chosen.segment_descriptive_only,
        segments.program,
        peak.season as peak_season,
        peak.peak_window_start_hour,
        peak.peak_window_end_hour,
        chosen.peak_window_kw,
        chosen.flexible_fraction,
        chosen.expected_kw,
        cast(chosen.rank as integer) as rank,
        case when chosen.ineligible_reason is null then chosen.cumulative_kw end as cumulative_kw,
        chosen.ineligible_reason is null as is_eligible,
        chosen.is_target,
        case
            when chosen.ineligible_reason is not null then chosen.ineligible_reason
            when chosen.is_target
                then 'among the highest expected kW of ' || chosen.eligible_customers || ' eligible in the class'
            else 'below the size of the list'
        end as reason,
        chosen.day_shape_entropy_fraction,
        chosen.good_days
    from chosen
    left join system_peaks as peak on peak.is_peak_season
    left join segments on chosen.segment_id = segments.segment_id
)

select * from explained
