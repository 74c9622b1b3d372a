{{ newest_delivery('campaign_exposures') }}
