"""The hot loop and what it calls: arrays in, arrays out; it imports nothing of cascade but itself."""
