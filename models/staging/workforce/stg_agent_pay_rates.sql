{{ newest_delivery('agent_pay_rates') }}
