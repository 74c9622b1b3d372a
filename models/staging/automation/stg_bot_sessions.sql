{{ newest_delivery('bot_sessions') }}
