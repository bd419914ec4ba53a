"""Where answers come from: a live endpoint, a tape, or the draft."""
