"""The people: hires and leavers, rosters, time sheets, pay and coaching."""
