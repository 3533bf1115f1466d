-- Segments are made within a class. Who has changed class is assigned anew by the next update.
with

segmented as (select * from {{ ref('fct_customer_segment') }}),

customers as (select * from {{ ref('dim_customer') }}),

segments as (select * from {{ ref('dim_segment') }})

select
    segmented.customer_key,
    customers.customer_class,
    segments.customer_class as class_of_segment,
    'the segment is one of another class' as failure_reason
from segmented
inner join customers on segmented.customer_key = customers.customer_key
inner join segments
    on segmented.run_id = segments.run_id
    and segmented.segment_id = segments.segment_id
where customers.customer_class != segments.customer_class
